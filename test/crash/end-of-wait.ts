// The three ways in which a wait ends, as the same units every time: sent again after a crash they must change nothing twice.

import type { RunId, Store } from '../../src/contract/index.ts';

/** Ends the wait of the task; says whether the store took it. */
export async function endOfWait(
  store: Store,
  how: string,
  task: { key: number; run: RunId },
): Promise<boolean> {
  if (how === 'promote') {
    const { promoted } = await store.core.promote({ nowMs: 10, limit: 5 });
    return promoted <= 1;
  }
  const audit = { tenant: 1, atMs: 3, actor: 'a', action: how, subject: 's', data: {} };
  const wait = { task: task.key, name: 'paid', occurrence: 0, atMs: 3 };
  const event = {
    tenant: 1,
    run: task.run,
    runKey: null,
    taskKey: task.key,
    name: 'paid',
    by: 'a',
  };
  const unit =
    how === 'answer'
      ? { answers: [{ ...wait, result: '{"status":"timeout"}' }] }
      : { deliver: { ...event, data: '1', atMs: 3, idempotencyKey: 'once' } };
  const [verdict] = await store.core.settle([{ flushLane: 0, events: [], audit, ...unit }]);
  return verdict?.status === 'ok';
}
