import { describe, test } from 'vitest';
import { systemClock } from '../../src/kernel/index.ts';
import { openPostgresStore } from '../../src/store/index.ts';
import { databaseFrom, missingPostgres } from '../harness/postgres.ts';
import { storeConformance } from './store.ts';

const missing = await missingPostgres();

if (missing === null) {
  storeConformance('postgres', async () => {
    const database = await databaseFrom('conformance', async (url) =>
      (await openPostgresStore({ url, clock: systemClock })).close(),
    );
    const open = () => openPostgresStore({ url: database.url, clock: systemClock });
    let store = await open();
    return {
      store,
      reopen: async () => {
        await store.close();
        return (store = await open());
      },
      close: async () => {
        await store.close();
        await database.drop();
      },
    };
  });
} else {
  describe('store conformance: postgres', () => {
    test('every case', (context) => context.skip(missing));
  });
}
