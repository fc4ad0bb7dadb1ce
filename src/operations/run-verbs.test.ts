/** The verbs over the embedded store. The same cases run over PostgreSQL in test/postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../kernel/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { runVerbCases } from './fixtures/run-verb-cases.ts';

runVerbCases(async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'hive-verbs-'));
  const store = await openSqliteStore({ directory, clock: systemClock, minFreeBytes: 0 });
  return {
    store,
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
