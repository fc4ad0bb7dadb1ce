import { expect, test } from 'vitest';
import type { ClaimedTask, Statement, Store } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { TaskLogs } from './task-logs.ts';

test('whatever an agent gives as a log line is kept or replaced; it never throws into the hive', async () => {
  const clock = manualClock();
  const ids = idSource(clock);
  const written: Statement[] = [];
  const store = {
    dialect: 'sqlite',
    write: (lines: readonly Statement[]) => {
      written.push(...lines);
      return Promise.resolve();
    },
  } as unknown as Store; // the parts that logs use
  const logs = new TaskLogs({ store, clock, ids, redact: (text) => text.replaceAll('pw', '*') });
  const task = { id: ids.make('task'), tenant: 1, runId: null } as ClaimedTask; // what a line names
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const lines = [
    { level: 'INFO', message: 'pw', fields: { at: 1 } },
    { level: 'INFO', message: 5, fields: { n: 1n } },
    { level: 'INFO', message: undefined, fields: cycle },
  ];
  // A worker sends what structured clone can carry, whatever the types say.
  for (const line of lines) logs.add({ task, agent: 'a', line: line as never });
  await logs.flush();
  expect(written.map(({ parameters }) => parameters[6])).toEqual(['*', '5', 'undefined']);
  expect(written.map(({ parameters }) => parameters[7])).toEqual([
    '{"at":1}',
    expect.stringContaining('not JSON'),
    expect.stringContaining('not JSON'),
  ]);
});
