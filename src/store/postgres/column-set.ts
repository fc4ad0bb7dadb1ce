// The columns of one kind of bulk parameter: from JavaScript rows to `unnest` of binary arrays, and back to a name in SQL.
// A column whose value is the same in all rows of the flush travels as one scalar (nearly all are: tenant, lane, type, times), a column
// that is null everywhere as nothing. Measured: halves the CPU of an enqueue.
// I1: the SQL text does not depend on the rows, so one prepared statement serves every flush.

import { byteaArray, int8Array, textArray } from './binary-array.ts';
import type { IntCell, TextCell } from './binary-array.ts';

type Param = Buffer | string | null;

interface IntColumn<Row> {
  kind: 'bigint';
  name: string;
  get: (row: Row) => IntCell;
}
interface TextColumn<Row> {
  kind: 'text';
  name: string;
  get: (row: Row) => TextCell;
}
interface BytesColumn<Row> {
  kind: 'bytea';
  name: string;
  get: (row: Row) => Uint8Array | null | undefined;
}
export type Column<Row> = IntColumn<Row> | TextColumn<Row> | BytesColumn<Row>;

export const int = <Row>(name: string, get: (row: Row) => IntCell): Column<Row> => ({
  kind: 'bigint',
  name,
  get,
});
export const text = <Row>(name: string, get: (row: Row) => TextCell): Column<Row> => ({
  kind: 'text',
  name,
  get,
});
export const bytes = <Row>(
  name: string,
  get: (row: Row) => Uint8Array | null | undefined,
): Column<Row> => ({
  kind: 'bytea',
  name,
  get,
});

/** The columns of a part of the row. */
export function columnsOf<Row, Part>(
  columns: readonly Column<Part>[],
  part: (row: Row) => Part,
): Column<Row>[] {
  return columns.map((column): Column<Row> => {
    switch (column.kind) {
      case 'bigint':
        return int(column.name, (row) => column.get(part(row)));
      case 'text':
        return text(column.name, (row) => column.get(part(row)));
      case 'bytea':
        return bytes(column.name, (row) => column.get(part(row)));
    }
  });
}

/** `a, b, c` */
export const namesOf = (columns: readonly { name: string }[]): string =>
  columns.map(({ name }) => name).join(', ');

export interface ColumnSet<Row> {
  /** `a, b, c` */
  readonly names: string;
  /** A subquery with these columns and `ord` (from 1), for `from ${rows} as i`. Its parameters start at `start`. */
  readonly rows: string;
  /** Number of the first parameter that is free for the statement itself. */
  readonly next: number;
  readonly encode: (rows: readonly Row[]) => Param[];
}

/**
 * The first column must differ from row to row or be cheap to send for each: it gives the number of rows. `start` is the number of the first parameter.
 */
export function columnSet<Row>(columns: readonly Column<Row>[], start = 1): ColumnSet<Row> {
  const [first, ...rest] = columns;
  if (first === undefined) throw new RangeError('a column set needs a column');
  const arrays = columns.map((column, i) => `$${start + i}::${column.kind}[]`);
  const scalar = (i: number): string => `$${start + columns.length + i}`;
  const selected = rest.map(
    (column, i) => `coalesce(u.${column.name}, ${scalar(i)}::${column.kind}) as ${column.name}`,
  );
  return {
    names: namesOf(columns),
    rows: `(select u.ord, u.${first.name}, ${selected.join(', ')} from unnest(${arrays.join(', ')}) with ordinality as u(${namesOf(columns)}, ord))`,
    next: start + columns.length + rest.length,
    encode: (rows) => {
      const params: Param[] = [array(first, rows)];
      const scalars: Param[] = [];
      for (const column of rest) {
        if (isConstant(column, rows)) {
          params.push(null);
          scalars.push(rows[0] === undefined ? null : scalarOf(column, rows[0]));
        } else {
          params.push(array(column, rows));
          scalars.push(null);
        }
      }
      return params.concat(scalars);
    },
  };
}

function isConstant<Row>(column: Column<Row>, rows: readonly Row[]): boolean {
  const head = rows[0] === undefined ? undefined : column.get(rows[0]);
  for (const row of rows) if ((column.get(row) ?? null) !== (head ?? null)) return false;
  return true;
}

function array<Row>(column: Column<Row>, rows: readonly Row[]): Buffer {
  switch (column.kind) {
    case 'bigint':
      return int8Array(rows.map(column.get));
    case 'text':
      return textArray(rows.map(column.get));
    case 'bytea':
      return byteaArray(rows.map(column.get));
  }
}

function scalarOf<Row>(column: Column<Row>, row: Row): Param {
  switch (column.kind) {
    case 'bigint': {
      const value = column.get(row);
      if (value === null || value === undefined) return null;
      int8Array([value]); // the same refusal as inside an array
      return String(value);
    }
    case 'text':
      return column.get(row) ?? null;
    case 'bytea': {
      const value = column.get(row);
      return value === null || value === undefined ? null : Buffer.from(value);
    }
  }
}
