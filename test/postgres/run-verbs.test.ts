// The verbs of runs, tasks and approvals, as the embedded store has them, over PostgreSQL.

import { describe, test } from 'vitest';
import { idSource, systemClock } from '../../src/kernel/index.ts';
import { runVerbCases } from '../../src/operations/fixtures/run-verb-cases.ts';
import { openPostgresStore } from '../../src/store/index.ts';
import { databaseFrom, missingPostgres } from '../harness/postgres.ts';

const missing = await missingPostgres();
const ids = idSource(systemClock);

describe('operations on PostgreSQL', () => {
  if (missing !== null) {
    test('every case', (context) => context.skip(missing));
    return;
  }
  runVerbCases(async () => {
    const database = await databaseFrom('operations', () => Promise.resolve());
    const store = await openPostgresStore({ url: database.url, clock: systemClock });
    await store.registerHost({
      id: ids.make('host'),
      boot: ids.make('instance'),
      startedMs: systemClock.now(),
    });
    return {
      store,
      close: async () => {
        await store.close();
        await database.drop();
      },
    };
  });
});
