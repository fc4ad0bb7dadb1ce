// Migrations up and down on a database that holds data: nothing that both versions know is lost.

import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { migrate, newestVersion } from './migrate.ts';

type Row = Record<string, unknown>;

function dump(db: DatabaseSync): Record<string, Row[]> {
  const tables = db
    .prepare(
      `select name from sqlite_master where type = 'table' and name <> 'schema_migrations' order by name`,
    )
    .all();
  return Object.fromEntries(
    tables.map(({ name }) => [String(name), db.prepare(`select * from ${String(name)}`).all()]),
  );
}

const schema = (db: DatabaseSync): unknown[] =>
  db
    .prepare('select type, name, sql from sqlite_master where sql is not null order by type, name')
    .all()
    .map((row) => ({
      ...row,
      sql: String(row['sql']).replaceAll('"', '').replaceAll(/\s+/g, ' '),
    }));

/** A run with two tasks and a journal, as version 1 wrote them. */
function fill(db: DatabaseSync): void {
  db.exec(`insert into runs (id, tenant, project, workflow, title, graph, progress, state, token, input, created_ms, ended_ms)
    values (x'01', 1, 1, 'w', 't', '{}', '{}', 3, 5, 'null', 1, 9)`);
  for (const run of ['1', 'null']) {
    db.exec(`insert into tasks (id, tenant, project, run, name, type, priority, state, reason, lane, route, input, retry, timeout_ms, created_ms, journal_steps)
      values (randomblob(16), 1, 1, ${run}, 'n', 't', 0, 1, 'sleep', 1, 1, 'null', 'default', 1, 1, 2)`);
  }
  for (const [position, name] of ['z', 'a'].entries()) {
    db.exec(`insert into journal (tenant, task, position, name, occurrence, kind, result, due_ms, at_ms)
      values (1, 1, ${position}, '${name}', 0, 'sleep', null, 7, 1)`);
  }
}

test('version 1 with data goes up and down again and is as it was', () => {
  const db = new DatabaseSync(':memory:');
  expect(migrate(db, { to: 1, nowMs: 1 })).toBe(1);
  const plain = schema(db);
  fill(db);
  const before = dump(db);
  expect(migrate(db, { nowMs: 2 })).toBe(newestVersion);
  expect(
    db.prepare('select name, position, subject, blob from journal order by position').all(),
  ).toEqual([
    { name: 'z', position: 0, subject: null, blob: null },
    { name: 'a', position: 1, subject: null, blob: null },
  ]);
  expect(db.prepare('select hold from tasks').all()).toEqual([{ hold: 0 }, { hold: 0 }]);
  expect(migrate(db, { to: 1, nowMs: 3 })).toBe(1);
  const sorted = (rows: Row[] | undefined): Row[] =>
    (rows ?? []).toSorted((a, b) => Number(a['position']) - Number(b['position']));
  const { journal, ...rest } = dump(db);
  const { journal: journalBefore, ...restBefore } = before;
  expect(rest).toEqual(restBefore);
  expect(sorted(journal)).toEqual(sorted(journalBefore));
  expect(schema(db).map((row) => (row as Row)['name'])).toEqual(
    plain.map((row) => (row as Row)['name']),
  );
  db.close();
});

test('down puts large results back into their rows', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, { to: 1, nowMs: 1 });
  fill(db);
  migrate(db, { nowMs: 1 });
  expect(db.prepare('select run, graph, input from run_pins').all()).toEqual([
    { run: 1, graph: '{}', input: 'null' },
  ]);
  db.exec(`insert into blobs values (1, x'ff', 3, '"x"', 1)`);
  db.exec(`update journal set blob = x'ff' where name = 'a'`);
  migrate(db, { to: 1, nowMs: 2 });
  expect(db.prepare('select name, result from journal order by position').all()).toEqual([
    { name: 'z', result: null },
    { name: 'a', result: '"x"' },
  ]);
  expect(migrate(db, { to: 0, nowMs: 3 })).toBe(0);
  expect(Object.keys(dump(db))).toEqual([]);
  db.close();
});

test('lookups by subject, parent, root and deadline use their indexes', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, { nowMs: 1 });
  const plan = (sql: string): string =>
    db
      .prepare(`explain query plan ${sql}`)
      .all()
      .map((row) => String(row['detail']))
      .join('; ');
  for (const [sql, index] of [
    [`select 1 from journal where subject = 'x' and kind = 'approval'`, 'journal_approval'],
    [
      `select 1 from journal where tenant = 1 and kind = 'approval' and result is null and blob is null order by at_ms`,
      'journal_undecided',
    ],
    [
      `select 1 from journal where tenant = 1 and subject = 'x' and kind = 'event' and kind in ('event', 'child') and result is null and blob is null`,
      'journal_open',
    ],
    [`select 1 from journal where tenant = 1 and blob = x'00'`, 'journal_blob'],
    ['select 1 from runs where parent_task = 1', 'runs_children'],
    ['select 1 from runs where root = 1', 'runs_root'],
    ['select 1 from runs where state < 3 and deadline_ms < 5', 'runs_deadline'],
    [
      'select 1 from runs where tenant = 1 and state >= 3 and parent_task is null and ended_ms < 5',
      'runs_ended',
    ],
    [
      'select 1 from tasks where tenant = 1 and run is null and state >= 6 and ended_ms < 5',
      'tasks_ended',
    ],
  ] as const)
    expect(plan(sql)).toContain(index);
  db.close();
});
