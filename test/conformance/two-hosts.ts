// Two hosts on one PostgreSQL, for the cases that only a shared store can get wrong.

import type { Store } from '../../src/contract/index.ts';
import { systemClock } from '../../src/kernel/index.ts';
import { openPostgresStore } from '../../src/store/index.ts';
import { databaseFrom } from '../harness/postgres.ts';
import { suiteStores } from './store-fixture.ts';
import type { Fixture } from './store-fixture.ts';

export interface Hosts extends AsyncDisposable {
  /** A case's builders, over the first host's store. */
  f: Fixture;
  /** A second host on the same database. */
  other: Store;
  otherHost: number;
  url: string;
}

export async function twoHosts(): Promise<Hosts> {
  const database = await databaseFrom('hosts', async (url) =>
    (await openPostgresStore({ url, clock: systemClock })).close(),
  );
  const open = (): Promise<Store> => openPostgresStore({ url: database.url, clock: systemClock });
  const first = await open();
  const other = await open();
  const stores = suiteStores(() =>
    Promise.resolve({
      store: first,
      reopen: () => Promise.reject(new Error('not here')),
      close: async () => {
        await Promise.all([first.close(), other.close()]);
        await database.drop();
      },
    }),
  );
  const f = await stores.fresh();
  const otherHost = await other.registerHost({
    id: 'other',
    boot: 'other-boot',
    startedMs: f.nowMs,
  });
  return {
    f,
    other,
    otherHost,
    url: database.url,
    [Symbol.asyncDispose]: () => f[Symbol.asyncDispose](),
  };
}

export async function until(what: string, isMet: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await isMet()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never: ${what}`);
}
