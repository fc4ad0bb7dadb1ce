/** A table of text columns for people; machines take --json. */
import { columnsOf, cut, oneLine } from './plain-text.ts';

export interface TextColumn {
  title: string;
  isNumber?: boolean;
}

export interface TableOptions {
  /** Of the terminal; null = do not cut (piped). */
  width: number | null;
}

const GAP = '  ';
/** The widest column is cut first, but never below this. */
const MIN_COLUMN = 8;

/** Lines, the header first. Cells are made safe here. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  { width }: TableOptions,
): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(oneLine))];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => columnsOf(row[at] ?? ''))));
  if (width !== null) shrink(widths, width - GAP.length * (columns.length - 1));
  return cells.map((row) =>
    row
      .map((cell, at) => pad(cut(cell, widths[at] ?? 0), widths[at] ?? 0, columns[at]))
      .join(GAP)
      .trimEnd(),
  );
}

function shrink(widths: number[], available: number): void {
  let excess = widths.reduce((sum, each) => sum + each, 0) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const now = widths[widest] ?? 0;
    if (now <= MIN_COLUMN) return;
    const less = Math.min(excess, now - MIN_COLUMN, Math.max(1, Math.ceil(now / 8)));
    widths[widest] = now - less;
    excess -= less;
  }
}

function pad(text: string, width: number, column: TextColumn | undefined): string {
  const blank = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return column?.isNumber === true ? blank + text : text + blank;
}
