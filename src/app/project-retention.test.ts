import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../kernel/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { writeRetention } from './project-retention.ts';

test('numbers of a project are written with who set them, and taken back by null', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'hive-retention-'));
  const store = await openSqliteStore({ directory, clock: systemClock, minFreeBytes: 0 });
  try {
    const base = { tenant: 1, project: 1, actor: 'dana' };
    const read = (columns: string, table: string) =>
      store.read('system', { sql: `select ${columns} from ${table}`, parameters: [] });
    await writeRetention({ store, clock: systemClock }, { ...base, days: 7, runs: 100 });
    expect(await read('retention_days, retention_runs', 'projects')).toEqual([
      { retention_days: 7, retention_runs: 100 },
    ]);
    await writeRetention({ store, clock: systemClock }, { ...base, days: null, runs: null });
    expect(await read('retention_days, retention_runs', 'projects')).toEqual([
      { retention_days: null, retention_runs: null },
    ]);
    expect(await read('actor, action, data', 'audit')).toMatchObject([
      { actor: 'dana', action: 'retention.set', data: '{"days":7,"runs":100}' },
      { data: '{"days":null,"runs":null}' },
    ]);
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
});
