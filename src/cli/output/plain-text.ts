/** Text of others made safe for a terminal: names, messages and paths must not move the cursor or forge lines. */

/** Controls (also ESC and CSI), line and paragraph separators, and the marks that reorder text. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu;

/** One line: every unsafe character becomes a space or nothing. */
export function oneLine(text: string): string {
  return text
    .replace(/[\t\r\n\u2028\u2029]+/g, ' ')
    .replace(unsafe, '')
    .trim();
}

/** Lines kept as lines, each made safe. */
export function safeLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => line.replace(/\t/g, '  ').replace(unsafe, ''));
}

/** Columns that a terminal needs for the text: wide East Asian and emoji characters take two, marks none. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCodePoint(character.codePointAt(0) ?? 0);
  return columns;
}

/** Ranges of wide characters, rough on purpose: a wrong guess costs one column of alignment. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
];

function columnsOfCodePoint(code: number): number {
  if (code < 0x300) return 1;
  if (code <= 0x36f || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** Cuts to at most `columns`, with the mark at the end where something is missing. */
export function cut(text: string, columns: number, mark = '…'): string {
  if (columnsOf(text) <= columns) return text;
  let used = columnsOf(mark);
  let kept = '';
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns) break;
    kept += character;
  }
  return columns <= 0 ? '' : kept + mark;
}
