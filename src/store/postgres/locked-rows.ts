// Locks what a flush changes, and reads what its units are judged by.
// I1: locks are taken in one order everywhere: runs by key, then all task rows of the flush by key in one statement, then blobs, then caps; so two
// flushes cannot wait for each other in a circle. I2: what depends on a lock is read by a statement sent behind it, which sees what the lock waited for.

import type { Client } from 'pg';
import { idBytes, taskStates } from '../../contract/index.ts';
import type { NewDelivery, RunKey, SettleUnit, TaskChange, TaskKey } from '../../contract/index.ts';
import { systemUniform } from '../../kernel/index.ts';
import { eventSubject } from '../event-answer.ts';
import type { FlushScope } from './insert-rows.ts';
import type { Sent } from './link.ts';
import { PresentWaits } from './present-waits.ts';
import type { InboxCells, WaitCells } from './present-waits.ts';
import { attemptName } from './settle-verdicts.ts';
import type { PresentRows, PresentRun, PresentTask } from './settle-verdicts.ts';
import * as sql from './sql-settle.ts';
import * as waits from './sql-waits.ts';

const TOKENS = 2 ** 48;
const tokens = new WeakMap<NewDelivery, number>();

/** Names a delivery for as long as this process tries to write it. */
export function tokenOf(delivery: NewDelivery): number {
  let token = tokens.get(delivery);
  if (token === undefined) tokens.set(delivery, (token = Math.floor(systemUniform() * TOKENS)));
  return token;
}

type Suspension = Pick<TaskChange, 'key' | 'journal' | 'openWaits'>;

const changesOf = (unit: SettleUnit): TaskChange[] => [
  ...(unit.change === undefined ? [] : [unit.change]),
  ...(unit.also ?? []),
];

/** `more`: keys of tasks that other statements of the same transaction change. */
export async function lockRows(
  scope: FlushScope,
  units: readonly SettleUnit[],
  more: readonly TaskKey[] = [],
): Promise<PresentRows> {
  const { client } = scope;
  const runKeys = new Set<number>();
  const swept = new Set<number>();
  const taskKeys = new Set(more);
  const deliveries: NewDelivery[] = [];
  for (const unit of units) {
    if (unit.run !== undefined) runKeys.add(unit.run.key);
    if (unit.lockRun !== undefined) runKeys.add(unit.lockRun);
    if (unit.sweep !== undefined) {
      runKeys.add(unit.sweep.run);
      swept.add(unit.sweep.run);
    }
    for (const { key } of changesOf(unit)) taskKeys.add(key);
    for (const { task } of unit.answers ?? []) taskKeys.add(task);
    if (unit.deliver === undefined) continue;
    deliveries.push(unit.deliver);
    if (unit.deliver.runKey !== null) runKeys.add(unit.deliver.runKey);
    if (unit.deliver.taskKey !== null) taskKeys.add(unit.deliver.taskKey);
  }
  const wide = swept.size > 0 || deliveries.length > 0;
  const subjects = deliveries.map(({ run, name }) => eventSubject(run, name));
  const tenants = deliveries.map(({ tenant }) => tenant);
  const [runs, tasks] = await Promise.all([
    runKeys.size === 0
      ? undefined
      : client.query<PresentRun>({ ...sql.lockRuns, values: [[...runKeys]] }),
    wide
      ? client.query<PresentTask>({
          ...waits.lockTasksOf,
          values: [[...taskKeys], [...swept], subjects, tenants],
        })
      : taskKeys.size === 0
        ? undefined
        : client.query<PresentTask>({ ...waits.lockTasks, values: [[...taskKeys]] }),
  ]);
  const byKey = new Map(tasks?.rows.map((row) => [row.key, row]));
  const present: PresentRows = {
    tasks: byKey,
    runs: new Map(runs?.rows.map((row) => [row.key, row])),
    attempts: await writtenAttempts(scope, { units, tasks: byKey }),
    waits: await presentWaits(scope, { units, deliveries, tasks: byKey }),
    repeat: scope.tries > 0,
  };
  return present;
}

/** Takes the same locks without waiting for them: for statements sent behind, which judge by themselves. */
export function sendLocks(
  client: Client,
  sent: Sent,
  keys: { runs: readonly RunKey[]; tasks: readonly TaskKey[] },
): void {
  if (keys.runs.length > 0) sent.add(client.query({ ...sql.lockRuns, values: [keys.runs] }));
  if (keys.tasks.length > 0) sent.add(client.query({ ...waits.lockTasks, values: [keys.tasks] }));
}

/** The open tasks of a run whose row is locked, those among them that this flush inserted. */
export async function addTasksOfRun(
  scope: FlushScope,
  rows: PresentRows,
  run: number,
): Promise<void> {
  const found = await scope.client.query<PresentTask>({
    ...waits.lockTasksOf,
    values: [[], [run], [], []],
  });
  for (const row of found.rows) if (!rows.tasks.has(row.key)) rows.tasks.set(row.key, row);
}

/** Whether one of the tasks `others` matters to the judgement of these units. */
export function concern(
  units: readonly SettleUnit[],
  of: { rows: PresentRows; others: readonly TaskKey[] },
): boolean {
  if (of.others.length === 0) return false;
  const keys = new Set<TaskKey | null>();
  const runs = new Set<RunKey | null>();
  for (const unit of units) {
    for (const { key } of changesOf(unit)) keys.add(key);
    for (const { task } of unit.answers ?? []) keys.add(task);
    if (unit.sweep !== undefined) runs.add(unit.sweep.run);
    if (unit.deliver !== undefined) keys.add(unit.deliver.taskKey);
    if (unit.deliver !== undefined && unit.deliver.runKey !== null) runs.add(unit.deliver.runKey);
  }
  return of.others.some((key) => keys.has(key) || runs.has(of.rows.tasks.get(key)?.run ?? null));
}

async function writtenAttempts(
  scope: FlushScope,
  of: { units: readonly SettleUnit[]; tasks: ReadonlyMap<TaskKey, PresentTask> },
): Promise<ReadonlySet<string>> {
  const doubtful = of.units
    .flatMap(changesOf)
    .filter(
      ({ to, attempt, key }) =>
        to === 'ready' && attempt !== undefined && of.tasks.get(key)?.state === taskStates.ready,
    );
  const attempts = new Set<string>();
  if (doubtful.length === 0) return attempts;
  const found = await scope.client.query<{
    task: number;
    fence: number;
    outcome: string;
    ended_ms: number;
  }>({ ...sql.attemptsOf, values: [doubtful.map(({ key }) => key)] });
  for (const row of found.rows)
    attempts.add(
      attemptName(row.task, { fence: row.fence, outcome: row.outcome, endedMs: row.ended_ms }),
    );
  return attempts;
}

async function presentWaits(
  scope: FlushScope,
  of: {
    units: readonly SettleUnit[];
    deliveries: readonly NewDelivery[];
    tasks: ReadonlyMap<TaskKey, PresentTask>;
  },
): Promise<PresentWaits> {
  const { client } = scope;
  const known = new PresentWaits();
  const suspensions = of.units.flatMap(({ change }) =>
    change?.openWaits === undefined ? [] : [change],
  );
  const names: waits.WaitName[] = [
    ...suspensions.flatMap(({ key, openWaits = [] }) =>
      openWaits.map(({ name, occurrence }) => ({ task: key, name, occurrence })),
    ),
    ...of.units.flatMap(({ answers = [] }) => answers),
  ];
  if (names.length === 0 && of.deliveries.length === 0) return known;
  const sent = of.deliveries.map((each) => ({
    tenant: each.tenant,
    run: idBytes('run', each.run),
    name: each.name,
    idem: each.idempotencyKey,
    token: tokenOf(each),
  }));
  const [open, named, before, ours] = await Promise.all([
    sent.length === 0
      ? undefined
      : client.query<WaitCells>({
          ...waits.waitsBySubject,
          values: [
            of.deliveries.map(({ run, name }) => eventSubject(run, name)),
            of.deliveries.map(({ tenant }) => tenant),
          ],
        }),
    names.length === 0
      ? undefined
      : client.query<WaitCells>({
          ...waits.waitsByName,
          values: waits.waitsByName.encode(names),
        }),
    sent.every(({ idem }) => idem === undefined)
      ? undefined
      : client.query<InboxCells>({ ...waits.sentBefore, values: waits.sentBefore.encode(sent) }),
    sent.length === 0
      ? undefined
      : client.query<InboxCells>({
          ...waits.sentByToken,
          values: waits.sentByToken.encode(sent),
        }),
  ]);
  // Those by subject first: their order counts.
  for (const row of [...(open?.rows ?? []), ...(named?.rows ?? [])]) known.add(row);
  for (const row of [...(before?.rows ?? []), ...(ours?.rows ?? [])]) known.addSent(row);
  await addInboxes(scope, { known, suspensions, tasks: of.tasks });
  return known;
}

/** The inboxes of the events that suspensions wait for. */
export async function addInboxes(
  scope: FlushScope,
  of: {
    known: PresentWaits;
    suspensions: readonly Suspension[];
    tasks: ReadonlyMap<TaskKey, Pick<PresentTask, 'tenant'>>;
  },
): Promise<void> {
  const wanted = new Map<string, { tenant: number; run: Uint8Array; name: string }>();
  for (const change of of.suspensions) {
    const tenant = of.tasks.get(change.key)?.tenant;
    if (tenant === undefined) continue;
    for (const subject of eventSubjects(of.known, change)) {
      const at = subject.indexOf('/');
      if (at < 0) continue;
      const run = idBytes('run', subject.slice(0, at));
      wanted.set(`${tenant} ${subject}`, { tenant, run, name: subject.slice(at + 1) });
    }
  }
  if (wanted.size === 0) return;
  const found = await scope.client.query<InboxCells>({
    ...waits.inboxOf,
    values: waits.inboxOf.encode([...wanted.values()]),
  });
  for (const row of found.rows) of.known.addInbox(row);
}

/** Subjects of the open event waits of a suspension, of rows that exist and of those that it writes itself. */
function eventSubjects(known: PresentWaits, change: Suspension): string[] {
  const own = (change.journal ?? []).filter((step) => step.kind === 'event');
  return (change.openWaits ?? []).flatMap((wait) => {
    const row = known.get({ ...wait, task: change.key });
    if (row !== undefined)
      return row.kind === 'event' && row.open && row.subject !== null ? [row.subject] : [];
    const step = own.find(
      ({ name, occurrence }) => name === wait.name && occurrence === wait.occurrence,
    );
    return step?.subject === undefined ? [] : [step.subject];
  });
}
