// Work that is started one after the other, a fixed number of it in flight: the next starts when the end of one is durable. What the peers' harness
// does too, so the figures can be set beside each other.

import type { RunId, TaskId } from '../../src/contract/index.ts';
import type { Hive } from '../../src/app/index.ts';

/** Ends in the event log: of a single task (its own end event) or of a run. */
const RUN_ENDS: ReadonlySet<string> = new Set(['run.completed', 'run.failed', 'run.cancelled']);

export interface EndWatch {
  /** Resolves when the end of this task or run is in the event log. Ask before it starts. */
  end(id: TaskId | RunId): Promise<void>;
  stop(): Promise<void>;
}

/** Reads the event log as a watcher would. An end that was not a success rejects. */
export async function watchEnds(hive: Hive): Promise<EndWatch> {
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  let cursor: string | null = await hive.store.events.head();
  let isStopped = false;
  let wake = Promise.withResolvers<null>();
  const off = hive.store.hints.onEvents(() => {
    wake.resolve(null);
  });
  const settle = (id: string, type: string): void => {
    const ended = waiting.get(id);
    if (ended === undefined) return;
    waiting.delete(id);
    if (type === 'run.completed' || type === 'task.completed') ended.resolve();
    else ended.reject(new Error(`${id} ended with ${type}`));
  };
  const loop = (async () => {
    while (!isStopped) {
      const events = await hive.store.events.after({ cursor, limit: 1_000 });
      cursor = events.at(-1)?.cursor ?? cursor;
      for (const event of events) {
        if (event.runId !== null && RUN_ENDS.has(event.type)) settle(event.runId, event.type);
        else if (event.taskId !== null) settle(event.taskId, event.type);
      }
      if (events.length === 0 && !isStopped) {
        await wake.promise;
        wake = Promise.withResolvers<null>();
      }
    }
  })();
  return {
    end: (id) => {
      const ended = Promise.withResolvers<void>();
      waiting.set(id, ended);
      return ended.promise;
    },
    stop: async () => {
      isStopped = true;
      off();
      wake.resolve(null);
      await loop;
    },
  };
}

/** Milliseconds that `count` pieces of work took with `inFlight` at a time. */
export async function closedLoop(
  of: { count: number; inFlight: number },
  one: () => Promise<void>,
): Promise<number> {
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(of.inFlight, of.count) }, async () => {
      while (next++ < of.count) await one();
    }),
  );
  return performance.now() - began;
}

/** Milliseconds of each of `count` pieces of work, one alone at a time. */
export async function oneByOne(count: number, one: () => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await one();
    took.push(performance.now() - began);
  }
  return took;
}
