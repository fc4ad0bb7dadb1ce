import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/kernel/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { storeConformance } from './store.ts';

storeConformance('sqlite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hive-conformance-'));
  const open = () => openSqliteStore({ directory, clock: systemClock, minFreeBytes: 1 });
  let store = await open();
  return {
    store,
    reopen: async () => {
      await store.close();
      return (store = await open());
    },
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
