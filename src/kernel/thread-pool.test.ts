import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { deferred } from './deferred.ts';
import { ThreadPool } from './thread-pool.ts';
import type { ThreadEnd, ThreadTicket } from './thread-pool.ts';

let directory = '';
let pool: ThreadPool;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hive-pool-'));
  writeFileSync(
    join(directory, 'entry.mjs'),
    `import { parentPort, threadId } from 'node:worker_threads';
     parentPort.on('message', (word) => {
       if (word === 'exit') process.exit(7);
       if (word === 'throw') throw new Error('thrown inside');
       if (word === 'loop') for (;;);
       parentPort.postMessage({ word, threadId, env: Object.keys(process.env).length });
     });`,
  );
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});
afterEach(() => pool.close());

function makePool(size: number, maxQueue = 10): ThreadPool {
  const entry = pathToFileURL(join(directory, 'entry.mjs'));
  pool = new ThreadPool({ entry, size, heapMb: 32, maxQueue, name: 'test' });
  return pool;
}

interface Told {
  readonly ticket: ThreadTicket;
  readonly started: Promise<void>;
  readonly answer: Promise<{ word: string; threadId: number; env: number }>;
  readonly end: Promise<ThreadEnd>;
}

function tell(word: string): Told {
  const started = deferred<void>();
  const answer = deferred<{ word: string; threadId: number; env: number }>();
  const end = deferred<ThreadEnd>();
  const ticket = pool.submit({
    onStart: () => {
      ticket.post(word);
      started.resolve();
    },
    onMessage: (message) => {
      answer.resolve(message as { word: string; threadId: number; env: number });
    },
    onOutput: () => {},
    onEnd: (ended) => {
      end.resolve(ended);
    },
  });
  return { ticket, started: started.promise, answer: answer.promise, end: end.promise };
}

test('I1: one job per worker; a released worker is used again, without the environment of the hive', async () => {
  makePool(1);
  const first = tell('a');
  const second = tell('b');
  const answer = await first.answer;
  expect(answer).toMatchObject({ word: 'a', env: 0 });
  expect(pool.load).toEqual({ threads: 1, idle: 0, waiting: 1 });
  first.ticket.release();
  expect(await second.answer).toMatchObject({ word: 'b', threadId: answer.threadId });
  second.ticket.release();
  expect(pool.load).toEqual({ threads: 1, idle: 1, waiting: 0 });
});

test('I1, I2: a killed worker costs its job alone and is replaced', async () => {
  makePool(1);
  const looping = tell('loop');
  const next = tell('after');
  await looping.started;
  looping.ticket.kill();
  expect(await next.answer).toMatchObject({ word: 'after' });
  expect(pool.load.threads).toBe(1);
});

test.each([
  ['exit', { kind: 'exit', exitCode: 7 }],
  ['throw', { kind: 'error', error: { message: 'thrown inside' } }],
])('a worker that ends by %s tells its job, and the next one gets another', async (word, end) => {
  makePool(1);
  const dying = tell(word);
  const next = tell('after');
  expect(await dying.end).toMatchObject(end);
  expect(await next.answer).toMatchObject({ word: 'after' });
});

test('a waiting job can be withdrawn, and the queue is bounded', async () => {
  makePool(1, 2);
  const first = tell('a');
  await first.started;
  const second = tell('b');
  const third = tell('c');
  expect(() => tell('d')).toThrow('2 jobs wait');
  second.ticket.release();
  await first.answer;
  first.ticket.release();
  expect(await third.answer).toMatchObject({ word: 'c' });
});

test('close tells every job and refuses new ones', async () => {
  makePool(1);
  const running = tell('loop');
  const waiting = tell('b');
  await running.started;
  await pool.close();
  expect(await running.end).toEqual({ kind: 'closed' });
  expect(await waiting.end).toEqual({ kind: 'closed' });
  expect(() => tell('c')).toThrow('shutting down');
});
