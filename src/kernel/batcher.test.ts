import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Batcher } from './batcher.ts';
import { deferred } from './deferred.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Enough turns for every armed flush to have started. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await turn();
};

describe('batcher', () => {
  test('what arrives in one turn goes out together, what arrives meanwhile in the next flush', async () => {
    const flushes: number[][] = [];
    const gate = deferred<null>();
    const batcher = new Batcher<number, number>({
      maxItems: 100,
      inFlight: 1,
      maxQueue: 100,
      flush: async (items) => {
        flushes.push([...items]);
        if (flushes.length === 1) await gate.promise;
        return items.map((item) => item * 2);
      },
    });
    const first = [1, 2, 3].map((item) => batcher.push(item));
    await turns();
    const second = [4, 5].map((item) => batcher.push(item));
    await turns();
    expect(flushes).toEqual([[1, 2, 3]]);
    expect(batcher.depth).toBe(2);
    gate.resolve(null);
    expect(await Promise.all([...first, ...second])).toEqual([2, 4, 6, 8, 10]);
    expect(flushes).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  test('I1: nothing is acknowledged before its flush resolved', async () => {
    const gate = deferred<null>();
    const batcher = new Batcher<number, number>({
      maxItems: 10,
      inFlight: 1,
      maxQueue: 10,
      flush: async (items) => (await gate.promise, [...items]),
    });
    let acknowledged = false;
    const answer = batcher.push(1).then(() => (acknowledged = true));
    await turns();
    expect(acknowledged).toBe(false);
    gate.resolve(null);
    await answer;
    expect(acknowledged).toBe(true);
  });

  test('I2: with one flush in flight the order is that of arrival, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        async (weights, maxItems) => {
          const order: number[] = [];
          let inFlight = 0;
          const batcher = new Batcher<{ at: number; weight: number }, number>({
            maxItems,
            inFlight: 1,
            maxQueue: 1_000,
            weight: (item) => item.weight,
            flush: async (items) => {
              expect(++inFlight).toBe(1);
              const sum = items.reduce((total, item) => total + item.weight, 0);
              expect(items.length === 1 || sum <= maxItems).toBe(true);
              await turn();
              order.push(...items.map((item) => item.at));
              inFlight--;
              return items.map((item) => item.at);
            },
          });
          const answers = await Promise.all(
            weights.map((weight, at) => batcher.push({ at, weight })),
          );
          const straight = weights.map((_, at) => at);
          expect(answers).toEqual(straight);
          expect(order).toEqual(straight);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('never more flushes in flight than allowed, and that many are used', async () => {
    let inFlight = 0;
    let most = 0;
    const batcher = new Batcher<number, number>({
      maxItems: 2,
      inFlight: 3,
      maxQueue: 1_000,
      flush: async (items) => {
        most = Math.max(most, ++inFlight);
        await turns();
        inFlight--;
        return [...items];
      },
    });
    await Promise.all(Array.from({ length: 60 }, (_, i) => batcher.push(i)));
    expect(most).toBe(3);
  });

  test('I3: a push over the bound is refused at once and harms nobody', async () => {
    const gate = deferred<null>();
    const batcher = new Batcher<number, number>({
      maxItems: 1,
      inFlight: 1,
      maxQueue: 3,
      flush: async (items) => (await gate.promise, [...items]),
    });
    const kept = [1, 2, 3].map((item) => batcher.push(item));
    await expect(batcher.push(4)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    gate.resolve(null);
    expect(await Promise.all(kept)).toEqual([1, 2, 3]);
    expect(await batcher.push(5)).toBe(5);
  });

  test('I4: a flush that throws rejects its own items and no others', async () => {
    const batcher = new Batcher<number, number>({
      maxItems: 2,
      inFlight: 1,
      maxQueue: 100,
      flush: (items) =>
        items.includes(3) ? Promise.reject(new Error('planted')) : Promise.resolve([...items]),
    });
    const results = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((item) => batcher.push(item)));
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });

  test('a flush that answers with another number of results is an error, not a shift', async () => {
    const batcher = new Batcher<number, number>({
      maxItems: 10,
      inFlight: 1,
      maxQueue: 10,
      flush: () => Promise.resolve([1]),
    });
    const results = await Promise.allSettled([1, 2].map((item) => batcher.push(item)));
    expect(results.every((result) => result.status === 'rejected')).toBe(true);
  });

  test('idle resolves when nothing is queued or in flight', async () => {
    const gate = deferred<null>();
    const batcher = new Batcher<number, number>({
      maxItems: 1,
      inFlight: 1,
      maxQueue: 10,
      flush: async (items) => (await gate.promise, [...items]),
    });
    await batcher.idle();
    const answers = [1, 2].map((item) => batcher.push(item));
    let isIdle = false;
    const idle = batcher.idle().then(() => (isIdle = true));
    await turns();
    expect(isIdle).toBe(false);
    gate.resolve(null);
    await Promise.all([...answers, idle]);
    expect(batcher.depth).toBe(0);
  });
});
