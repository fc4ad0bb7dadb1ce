// Writes accepted settle units set by set, inside the caller's transaction. The rows are locked and judged.

import { hiveError, taskStates } from '../../contract/index.ts';
import type {
  JournalStep,
  NewAudit,
  RunKey,
  SettleUnit,
  TaskKey,
  TenantKey,
} from '../../contract/index.ts';
import { encodeSteps, writeBlobs } from './blobs.ts';
import { enqueueCarefully } from './enqueue-flush.ts';
import { applyCaps, findRunKeys, insert, inTheWay, sendFacts, taskRow } from './insert-rows.ts';
import type { FlushScope, InTransaction, TaskAnswer } from './insert-rows.ts';
import type { PresentWaits } from './present-waits.ts';
import { markReady } from './ready-marks.ts';
import type { Accepted, AcceptedChange, AcceptedSweep, PresentTask } from './settle-verdicts.ts';
import { answerRows, appendJournal } from './sql-journal.ts';
import type { AnswerRow } from './sql-journal.ts';
import * as sql from './sql-settle.ts';
import * as waits from './sql-waits.ts';

/** Collects accepted units and writes them set by set. */
export class SettleWriter {
  readonly #scope: InTransaction;
  #changes: AcceptedChange[] = [];
  #sweeps: AcceptedSweep[] = [];
  #answers: AnswerRow[] = [];
  #woken: PresentTask[] = [];
  #touched = new Set<TaskKey>();
  readonly #runs = new Map<number, sql.RunRowChange>();
  readonly #accepted: SettleUnit[] = [];
  readonly #freed = new Map<number, number>();
  readonly #journals: { tenant: TenantKey; steps: readonly JournalStep[] }[] = [];
  /** Units whose tasks are not inserted yet. */
  #toInsert: SettleUnit[] = [];
  readonly #inserted: TaskAnswer[] = [];

  constructor(scope: InTransaction) {
    this.#scope = scope;
  }

  /** Whether the unit changes a task that an earlier unit of this set changes: one UPDATE cannot change a row twice. */
  touches(accepted: Accepted): boolean {
    return this.#touched.size > 0 && touchedBy(accepted).some((key) => this.#touched.has(key));
  }

  /** Whether an accepted unit inserts tasks of this run that are not written yet. */
  inserts(run: RunKey): boolean {
    return this.#toInsert.some((unit) => unit.run?.key === run);
  }

  accept(unit: SettleUnit, accepted: Accepted): void {
    this.#accepted.push(unit);
    if ((unit.insert?.length ?? 0) > 0) this.#toInsert.push(unit);
    for (const each of accepted.changes) {
      const { change, before } = each;
      const earlier = this.#touched.has(change.key)
        ? this.#changes.find((other) => other.change.key === change.key)
        : undefined;
      if (earlier === undefined) this.#changes.push(each);
      else earlier.change = change; // the unit itself names a task twice: the later change stays, from the row as it was
      if (change.journal !== undefined)
        this.#journals.push({ tenant: before.tenant, steps: change.journal });
      this.#touched.add(change.key);
    }
    if (accepted.sweep !== undefined) this.#sweeps.push(accepted.sweep);
    this.#answers.push(...accepted.answers);
    this.#woken.push(...accepted.woken);
    for (const key of touchedBy(accepted)) this.#touched.add(key);
    if (accepted.run === undefined) return;
    const { change, version } = accepted.run;
    const earlier = this.#runs.get(change.key);
    this.#runs.set(change.key, {
      change: earlier === undefined ? change : { ...earlier.change, ...change },
      version,
    });
  }

  /** Writes what is accepted to the rows of tasks and journals, in the order of a unit: changes, sweeps, answers. */
  async writeChanges(): Promise<void> {
    const { client, sent } = this.#scope;
    const changes = this.#changes;
    const sweeps = this.#sweeps;
    const answers = this.#answers;
    const woken = this.#woken;
    this.#changes = [];
    this.#sweeps = [];
    this.#answers = [];
    this.#woken = [];
    this.#touched = new Set();
    await this.#writeTaskChanges(changes);
    await this.#writeSweeps(sweeps);
    if (answers.length > 0)
      sent.add(client.query({ ...answerRows, values: answerRows.encode(answers) }));
    if (woken.length === 0) return;
    sent.add(client.query({ ...waits.wakeTasks, values: [woken.map(({ key }) => key)] }));
    await markReady(
      this.#scope,
      woken.map(({ lane }) => lane),
    );
  }

  async #writeTaskChanges(changes: readonly AcceptedChange[]): Promise<void> {
    const { client, effects, sent } = this.#scope;
    if (changes.length === 0) return;
    await this.#freeCaps(changes.map(({ before }) => before));
    sent.add(
      client.query({
        ...sql.changeTasks,
        values: sql.changeTasks.encode(changes.map(({ change }) => ({ change, event: undefined }))),
      }),
    );
    const attempts = changes.flatMap(({ change: { attempt, key }, before: { tenant } }) =>
      attempt === undefined ? [] : [{ tenant, task: key, attempt }],
    );
    if (attempts.length > 0)
      sent.add(
        client.query({ ...sql.insertAttempts, values: sql.insertAttempts.encode(attempts) }),
      );
    await markReady(
      this.#scope,
      changes.flatMap(({ change, before }) => (change.to === 'ready' ? [before.lane] : [])),
    );
    for (const { change, before } of changes)
      if (before.state === taskStates.leased && !('fence' in change.guard))
        effects.revoked.push(change.key);
    const appends = changes.flatMap(({ change }) =>
      change.journal === undefined || change.journal.length === 0
        ? []
        : [{ key: change.key, fence: null, steps: encodeSteps(change.journal) }],
    );
    if (appends.length > 0)
      sent.add(client.query({ ...appendJournal, values: appendJournal.encode(appends) }));
  }

  /** One statement for all sweeps that say the same. */
  async #writeSweeps(sweeps: readonly AcceptedSweep[]): Promise<void> {
    const { client, effects, sent } = this.#scope;
    for (const mark of [0, 1]) {
      const holds = sweeps.flatMap((each) => (each.sweep.hold === mark ? each.holds : []));
      if (holds.length > 0) sent.add(client.query({ ...waits.holdTasks, values: [holds, mark] }));
    }
    const alike = Map.groupBy(
      sweeps,
      ({ sweep }) => `${sweep.to} ${sweep.reason} ${sweep.endedMs ?? ''}`,
    );
    for (const [{ sweep }, tasks] of [...alike.values()].flatMap((each) =>
      each[0] === undefined ? [] : [[each[0], each.flatMap((one) => one.tasks)] as const],
    )) {
      if (tasks.length === 0) continue;
      const keys = tasks.map(({ key }) => key);
      sent.add(
        client.query({
          ...waits.sweepTasks,
          values: [keys, taskStates[sweep.to], sweep.reason, sweep.endedMs ?? null],
        }),
      );
      await this.#freeCaps(tasks);
      effects.revoked.push(
        ...tasks.flatMap(({ key, state }) => (state === taskStates.leased ? [key] : [])),
      );
      if (sweep.to === 'ready')
        await markReady(this.#scope, [...new Set(tasks.map(({ lane }) => lane))]);
    }
  }

  async #freeCaps(before: readonly PresentTask[]): Promise<void> {
    const lanes = before.flatMap(({ capped, lane }) => (capped === 1 ? [lane] : []));
    for (const [key, count] of await capsOfLanes(this.#scope, lanes))
      this.#freed.set(key, (this.#freed.get(key) ?? 0) + count);
  }

  /** Writes all that is left; answers for the inserted tasks in order. `inbox`: rows of the inbox as the judge left them. */
  async finish(inbox: ReturnType<PresentWaits['changes']>): Promise<TaskAnswer[]> {
    const scope = this.#scope;
    await this.writeChanges();
    const { client, sent } = scope;
    if (this.#journals.length > 0) await writeBlobs(client, this.#journals);
    if (inbox.taken.length > 0)
      sent.add(client.query({ ...waits.takeInbox, values: [inbox.taken] }));
    if (inbox.inserts.length > 0)
      sent.add(
        client.query({ ...waits.insertInbox, values: waits.insertInbox.encode(inbox.inserts) }),
      );
    if (this.#runs.size > 0)
      sent.add(
        client.query({
          ...sql.changeRuns,
          values: sql.changeRuns.encode([...this.#runs.values()]),
        }),
      );
    const audits: NewAudit[] = this.#accepted.flatMap((unit) =>
      unit.audit === undefined ? [] : [unit.audit],
    );
    sendFacts(scope, { events: this.#accepted.flatMap((unit) => unit.events), audits });
    if (this.#freed.size > 0)
      sent.add(
        client.query({
          ...sql.giveBack,
          values: [[...this.#freed.keys()], [...this.#freed.values()]],
        }),
      );
    await this.writeInserts();
    await this.#beginChildren();
    return this.#inserted;
  }

  /** Child runs: without its child a wait would never end, so one that is refused refuses its unit. */
  async #beginChildren(): Promise<void> {
    const children = this.#accepted.flatMap((unit) => unit.children ?? []);
    if (children.length === 0) return;
    const verdicts = await enqueueCarefully(this.#scope, children);
    for (const verdict of verdicts) {
      if (verdict.status !== 'ok')
        throw hiveError('IDEMPOTENCY_CONFLICT', {
          message: `a child run uses an idempotency key that ${verdict.status === 'invalid' ? 'is refused' : `${verdict.id} has`}`,
        });
    }
  }

  /** Inserts the tasks of the units accepted so far. */
  async writeInserts(): Promise<void> {
    const scope = this.#scope;
    const units = this.#toInsert;
    this.#toInsert = [];
    if (units.length === 0) return;
    const known = new Map(
      units.flatMap((unit) =>
        unit.run === undefined ? [] : [[unit.run.id, unit.run.key] as const],
      ),
    );
    const tasks = units.flatMap((unit) => unit.insert ?? []);
    const named = await findRunKeys(
      scope.client,
      tasks.flatMap((task) => (task.run === undefined || known.has(task.run) ? [] : [task.run])),
    );
    const rows = tasks.map((task) =>
      taskRow(
        scope,
        task,
        task.run === undefined ? null : (known.get(task.run) ?? named.get(task.run) ?? null),
      ),
    );
    await applyCaps(scope, rows);
    const { answers } = await insert(scope, rows);
    if (answers === undefined) throw inTheWay(scope);
    this.#inserted.push(...answers);
  }
}

function touchedBy({ changes, sweep, answers, woken }: Accepted): TaskKey[] {
  return [
    ...changes.map(({ change }) => change.key),
    ...(sweep === undefined ? [] : [...sweep.tasks.map(({ key }) => key), ...sweep.holds]),
    ...answers.map(({ task }) => task),
    ...woken.map(({ key }) => key),
  ];
}

/** How many slots of which caps tasks of these lanes (one entry per task) hold. */
export async function capsOfLanes(
  scope: Pick<FlushScope, 'dictionaries'>,
  lanes: readonly number[],
): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  if (lanes.length === 0) return counts;
  await scope.dictionaries.learnKeys(lanes);
  for (const key of lanes) {
    const lane = scope.dictionaries.laneByKey(key);
    for (const cap of lane === undefined ? [] : scope.dictionaries.capsOf(lane))
      counts.set(cap, (counts.get(cap) ?? 0) + 1);
  }
  return counts;
}
