// A process of its own for wait-crash.sqlite.test.ts: opens the store with a crash point in its writer thread, lets a task wait, and ends its wait.
// Arguments: directory, fault, what ends the wait (answer, deliver or promote). Before it goes on it writes down what the test must know.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunId } from '../../src/contract/index.ts';
import { idSource, systemClock } from '../../src/kernel/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { endOfWait } from './end-of-wait.ts';

const [directory = '', faultAt = '', how = ''] = process.argv.slice(2);
const ids = idSource(systemClock);
const store = await openSqliteStore({ directory, clock: systemClock, minFreeBytes: 0, faultAt });
const host = await store.registerHost({ id: 'h', boot: 'b', startedMs: 1 });
const [route = 0] = await store.routes([['work']]);
const id = ids.make('task');
await store.core.enqueue([
  {
    tasks: [
      {
        id,
        tenant: 1,
        project: 1,
        name: 'waiter',
        type: 'test',
        priority: 0,
        route,
        input: 'null',
        state: 'ready',
        reason: 'none',
        timeoutMs: 1_000,
        retry: 'none',
        createdMs: 1,
      },
    ],
  },
]);
const [task] = await store.core.claim({
  host,
  nowMs: 1,
  untilMs: 9,
  groups: [{ routes: [route], slots: 1, agent: 'a', assignment: 'x' }],
});
if (task === undefined) throw new Error('nothing claimed');
const run = id.replace('tsk_', 'run_') as RunId;
const wait = { name: 'paid', occurrence: 0, kind: 'event', result: null, atMs: 1 } as const;
await store.core.settle([
  {
    flushLane: 0,
    events: [],
    change: {
      key: task.key,
      id,
      guard: { fence: task.fence },
      to: 'waiting',
      reason: 'event',
      dueMs: 5,
      journal: [{ ...wait, subject: `${run}/paid` }],
      openWaits: [wait],
    },
  },
]);
writeFileSync(join(directory, 'task.json'), JSON.stringify({ key: task.key, run }));
await endOfWait(store, how, { key: task.key, run });
await store.close();
