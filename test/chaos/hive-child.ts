// A hive to be killed: the real composition, which sends its share of the jobs, works, and tells the ledger. Started by hive-process.ts with one
// JSON argument. Ends with code 0 when everything it can see is done, after a graceful stop.

import { setTimeout as delay } from 'node:timers/promises';
import { idSource, systemClock } from '../../src/kernel/index.ts';
import { invokeOperation } from '../../src/operations/index.ts';
import { insist, openChildHive, StandstillWatch } from './child-hive.ts';
import type { ChildHiveOptions } from './child-hive.ts';
import { LedgerClient } from './ledger-client.ts';
import { chaosAgents, isGraph, jobGraph, jobKey, jobTask } from './workload.ts';

export interface ChildOptions extends ChildHiveOptions {
  ledger: string;
  /** Sends the jobs from `from` to `to` (not included), in steps of `stride`. */
  from: number;
  to: number;
  stride: number;
  workMs: number;
  /** Stops gracefully when it has sent its jobs, whatever is done. */
  stopEarly?: boolean;
  /** Works until nothing is open although nobody sends (default); or until it is told by SIGTERM. */
  untilSignal?: boolean;
  /** Name of the event reader; one per group of processes that share it. Null: this process reads no events. */
  reader: string | null;
}

const options = JSON.parse(process.argv[2] ?? '{}') as ChildOptions;
const POLL_MS = 15;

let isTold = false;
process.on('SIGTERM', () => {
  isTold = true;
});

const ledger = await LedgerClient.connect(options.ledger);
const hive = await openChildHive(options, chaosAgents(ledger, options.workMs));
await ledger.record({ kind: 'note', text: 'up' });

async function send(job: number): Promise<void> {
  if (isGraph(job)) {
    const { runId } = await insist('start a run', () =>
      hive.orchestrator.startRun({
        tenant: 1,
        project: 1,
        graph: jobGraph(job),
        title: `job ${job}`,
        inputJson: 'null',
        idempotencyKey: jobKey(job),
        bodyHash: 'same',
      }),
    );
    await ledger.record({ kind: 'acked', job, id: runId });
    return;
  }
  const context = {
    hive: hive.port,
    principal: hive.principal,
    clock: systemClock,
    ids: idSource(systemClock),
  };
  const { taskId } = (await insist('create a task', () =>
    invokeOperation(context, 'task.create', jobTask(job)),
  )) as { taskId: string };
  await ledger.record({ kind: 'acked', job, id: taskId });
}

async function sendAll(): Promise<void> {
  const { acked } = await ledger.state('');
  const known = new Set(acked);
  for (let job = options.from; job < options.to && !isTold; job += options.stride)
    if (!known.has(job)) await send(job);
}

const ends = new Set(['task.completed', 'task.failed', 'task.cancelled', 'task.skipped']);

/** Reads the event log from where the last reader of this name stopped. */
async function readOn(reader: string): Promise<boolean> {
  const { cursor } = await ledger.state(reader);
  const events = await insist('read events', () => hive.store.events.after({ cursor, limit: 200 }));
  const ended = events.flatMap((event) =>
    ends.has(event.type) && event.taskId !== null ? [event.taskId] : [],
  );
  const last = events.at(-1)?.cursor;
  if (last !== undefined && last !== null)
    await ledger.record({ kind: 'page', cursor: last, events: events.length, reader, ended });
  return events.length > 0;
}

async function openWork(): Promise<number> {
  const sql =
    'select (select count(*) from tasks where state < 6) as tasks, (select count(*) from runs where state < 3) as runs';
  const [row] = await insist('count', () =>
    hive.store.read<{ tasks: number; runs: number }>('system', { sql, parameters: [] }),
  );
  return (row?.tasks ?? 0) + (row?.runs ?? 0);
}

/** Nothing is left in the event log: a page may be empty because a transaction is still open, so the rows are counted. */
async function hasReadAll(reader: string): Promise<boolean> {
  const [row] = await insist('count events', () =>
    hive.store.read<{ n: number }>('system', {
      sql: 'select count(*) as n from events',
      parameters: [],
    }),
  );
  return (await ledger.state(reader)).events >= (row?.n ?? 0);
}

const watch = new StandstillWatch();
const sending = sendAll();
let isSent = false;
void sending.then(() => (isSent = true));
for (;;) {
  const gotSome = options.reader !== null && (await readOn(options.reader));
  if (options.stopEarly === true && isSent) break;
  if (!gotSome && isSent) {
    const open = await openWork();
    if (options.untilSignal !== true && watch.isStill(`${open}`))
      throw new Error(`stuck: nothing happens any more to ${open} tasks and runs`);
    const isOver = options.untilSignal === true ? isTold : open === 0;
    if (isOver && (options.reader === null || (await hasReadAll(options.reader)))) break;
  }
  if (!gotSome) await delay(POLL_MS);
}
await sending;
await hive.stop();
await ledger.record({ kind: 'note', text: 'stopped' });
ledger.close();
