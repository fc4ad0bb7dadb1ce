// A hive to be killed that runs workflows: sends its jobs, lets its operator act, and ends with code 0 when everything has ended, after a graceful
// stop. Started by hive-process.ts with one JSON argument.

import { setTimeout as delay } from 'node:timers/promises';
import { insist, openChildHive, StandstillWatch } from './child-hive.ts';
import type { ChildHiveOptions } from './child-hive.ts';
import { flowAgents } from './flow-agents.ts';
import { FlowOperator } from './flow-operator.ts';
import { flowInput, flowPlan } from './flow-plan.ts';
import type { FlowKind } from './flow-plan.ts';
import { LedgerClient } from './ledger-client.ts';
import { jobKey } from './workload.ts';

export interface FlowChildOptions extends ChildHiveOptions {
  ledger: string;
  seed: number;
  jobs: number;
  kind: FlowKind;
  workMs: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as FlowChildOptions;
const POLL_MS = 20;
/** Runs that are open at once: enough to have several branches of several runs in flight, few enough that a kill finds some at every stage. */
const MAX_OPEN = 24;

const ledger = await LedgerClient.connect(options.ledger);
const hive = await openChildHive(options, flowAgents(ledger, options.workMs));
await ledger.record({ kind: 'note', text: 'up' });

async function send(job: number): Promise<void> {
  const { graph } = flowPlan({ seed: options.seed, job, kind: options.kind });
  const { runId } = await insist('start a run', () =>
    hive.orchestrator.startRun({
      tenant: 1,
      project: 1,
      graph,
      title: `job ${job}`,
      inputJson: JSON.stringify(flowInput(job)),
      idempotencyKey: jobKey(job),
      bodyHash: 'same',
    }),
  );
  await ledger.record({ kind: 'acked', job, id: runId });
}

async function open(): Promise<{ tops: number; runs: number; tasks: number; seq: number }> {
  const sql = `select (select count(*) from runs where state < 3 and parent_task is null) as tops, (select count(*) from runs where state < 3) as runs,
    (select count(*) from tasks where state < 6) as tasks, (select coalesce(sum(journal_steps + fence), 0) from tasks where state < 6) as seq`;
  const [row] = await insist('count', () =>
    hive.store.read<Record<'tops' | 'runs' | 'tasks' | 'seq', number>>('system', {
      sql,
      parameters: [],
    }),
  );
  const of = (name: 'tops' | 'runs' | 'tasks' | 'seq'): number => Number(row?.[name] ?? 0);
  return { tops: of('tops'), runs: of('runs'), tasks: of('tasks'), seq: of('seq') };
}

async function openTasks(): Promise<string> {
  const sql = `select t.key, t.run, t.node, t.state, t.reason, t.due_ms, t.hold, t.fence, t.suspect, t.host, r.state as run_state, r.progress,
    (select count(*) from journal j where j.task = t.key and j.result is null and j.blob is null) as open_rows
    from tasks t left join runs r on r.key = t.run where t.state < 6`;
  const rows = await hive.store.read<object>('system', { sql, parameters: [] });
  const journal = await hive.store.read<object>('system', {
    sql: 'select task, name, occurrence, kind, result, subject from journal where task in (select key from tasks where state < 6) order by task, position',
    parameters: [],
  });
  return JSON.stringify({ rows, journal });
}

const operator = new FlowOperator(hive, ledger);
const watch = new StandstillWatch();
const acked = new Set((await ledger.state('')).acked);
const unsent = Array.from({ length: options.jobs }, (_, job) => job).filter(
  (job) => !acked.has(job),
);
for (;;) {
  const now = await open();
  for (let room = MAX_OPEN - now.tops; room > 0; room--) {
    const job = unsent.shift();
    if (job === undefined) break;
    await send(job);
  }
  if (unsent.length === 0 && now.runs === 0 && now.tasks === 0 && (await open()).tops === 0) break;
  await operator.look();
  if (watch.isStill(JSON.stringify({ ...now, unsent: unsent.length })))
    throw new Error(`stuck: nothing happens any more to ${await openTasks()}`);
  await delay(POLL_MS);
}
await hive.stop();
await ledger.record({ kind: 'note', text: 'stopped' });
ledger.close();
