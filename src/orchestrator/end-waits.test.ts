import { expect, test } from 'vitest';
import { idBytes } from '../contract/index.ts';
import type { RunId, Store } from '../contract/index.ts';
import { idSource, manualClock } from '../kernel/index.ts';
import { EndWaits } from './end-waits.ts';

function endWaits() {
  const clock = manualClock();
  const ids = idSource(clock);
  const ended = new Set<RunId>();
  const looks: string[] = [];
  const store = {
    dialect: 'sqlite',
    read: (_scope: unknown, query: { sql: string }) => {
      looks.push(query.sql);
      return Promise.resolve([...ended].map((id) => ({ id: idBytes('run', id) })));
    },
  } as unknown as Store; // the part that a look uses
  return { waits: new EndWaits({ store, clock }), clock, ids, ended, looks };
}

test('X1: the commit of this host ends all waits for a run at once, and reads nothing', async () => {
  const { waits, ids, looks } = endWaits();
  const id = ids.make('run');
  const all = Promise.all([
    waits.wait(id, { tenant: 1, isNew: true }),
    waits.wait(id, { tenant: 1, isNew: true }),
  ]);
  waits.ended(id);
  await all;
  expect(looks).toEqual([]);
});

test('X2: an end that was there before is found by a look; so is one of another host', async () => {
  const { waits, clock, ids, ended, looks } = endWaits();
  const [before, other] = [ids.make('run'), ids.make('run')];
  ended.add(before);
  const found = waits.wait(before, { tenant: 1 });
  clock.advance(20);
  await found;
  const later = waits.wait(other, { tenant: 1, isNew: true });
  ended.add(other);
  waits.hint();
  waits.hint();
  clock.advance(20);
  await later;
  expect(looks).toHaveLength(2);
});

test('X3: a wait that is given up is forgotten, and nothing is looked for any more', async () => {
  const { waits, ids, looks } = endWaits();
  const stop = new AbortController();
  const wait = waits.wait(ids.make('run'), { tenant: 1, signal: stop.signal, isNew: true });
  stop.abort();
  await wait;
  await waits.look();
  expect(looks).toEqual([]);
});
