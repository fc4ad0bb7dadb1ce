// The ways to have work done, from a program: wait for it, leave it, many at once, or watch it. Against a hive that runs:
//
//   hive start &
//   node examples/client/execution-models.ts http://127.0.0.1:8000 <data directory>/token

import { readFileSync } from 'node:fs';
import { createClient } from 'hivewright/client';

const [url = 'http://127.0.0.1:8000', tokenFile = '.hive/token'] = process.argv.slice(2);
const hive = createClient({ url, token: readFileSync(tokenFile, 'utf8').trim() });
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

// Synchronous: one call that answers when the run has ended. Over after `waitMs`, the call fails with TIMEOUT, and the run goes on.
const { run } = await hive.call('run.start', { task: 'greet', agents: ['echo'], waitMs: 20_000 });
print(`synchronous: ${run?.state}`);

// Asynchronous: the id at once, and the run when you like. With a key of your own, a call that is sent twice starts one run.
const { runId } = await hive.call('run.start', {
  task: 'greet',
  agents: ['echo'],
  idempotencyKey: `greeting-${process.pid}`,
});
print(`asynchronous: ${runId.slice(0, 4)}…`);

// Streaming: events as they happen, each once, from the cursor on; signals in between are live and may be lost.
let cursor: string | undefined;
let heard: number | undefined;
for (let isOver = false; !isOver;) {
  const news = await hive.call('run.watch', {
    id: runId,
    ...(cursor === undefined ? {} : { cursor }),
    ...(heard === undefined ? {} : { heard }),
  });
  for (const event of news.events) print(`streaming: ${event.type}`);
  cursor = news.cursor ?? undefined;
  ({ heard, isOver } = news);
}

// Batch: many tasks, one call, one run, one summary. `concurrency` bounds how many are open at once.
const batch = await hive.call('task.batch', {
  tasks: Array.from({ length: 20 }, (_, n) => ({ capabilities: ['echo'], input: { n } })),
  concurrency: 5,
  waitMs: 20_000,
});
print(`batch: ${batch.summary?.succeeded} of ${batch.tasks} succeeded`);
