// Writes accepted settle units set by set, inside the caller's transaction. The rows are locked and judged.

import { taskStates } from '../../contract/index.ts';
import type { NewAudit, SettleUnit, TaskKey } from '../../contract/index.ts';
import { applyCaps, findRunKeys, insert, inTheWay, sendFacts, taskRow } from './insert-rows.ts';
import type { FlushScope, InTransaction, TaskAnswer } from './insert-rows.ts';
import { mergeSteps } from './journal-flush.ts';
import type { AcceptedChange } from './settle-verdicts.ts';
import * as sql from './sql-settle.ts';

/** Collects accepted units and writes them set by set. */
export class SettleWriter {
  readonly #scope: InTransaction;
  #changes: AcceptedChange[] = [];
  #touched = new Set<TaskKey>();
  readonly #runs = new Map<number, sql.RunRowChange>();
  readonly #accepted: SettleUnit[] = [];
  readonly #freed = new Map<number, number>();

  constructor(scope: InTransaction) {
    this.#scope = scope;
  }

  /** Whether the unit changes a task that an earlier unit of this set changes: one UPDATE cannot change a row twice. */
  touches(unit: SettleUnit): boolean {
    if (this.#touched.size === 0) return false;
    const keys = [
      ...(unit.change === undefined ? [] : [unit.change.key]),
      ...(unit.also ?? []).map((also) => also.key),
    ];
    return keys.some((key) => this.#touched.has(key));
  }

  accept(
    unit: SettleUnit,
    accepted: { changes: AcceptedChange[]; run: sql.RunRowChange | undefined },
  ): void {
    this.#accepted.push(unit);
    for (const each of accepted.changes) {
      const earlier = this.#touched.has(each.change.key)
        ? this.#changes.find(({ change }) => change.key === each.change.key)
        : undefined;
      this.#touched.add(each.change.key);
      if (earlier === undefined) this.#changes.push(each);
      else earlier.change = each.change; // the unit itself names a task twice: the later change stays, from the row as it was
    }
    if (accepted.run === undefined) return;
    const { change, version } = accepted.run;
    const earlier = this.#runs.get(change.key);
    this.#runs.set(change.key, {
      change: earlier === undefined ? change : { ...earlier.change, ...change },
      version,
    });
  }

  async writeChanges(): Promise<void> {
    const { client, effects, sent } = this.#scope;
    const changes = this.#changes;
    this.#changes = [];
    this.#touched = new Set();
    if (changes.length === 0) return;
    await this.#freeCaps(changes);
    sent.add(
      client.query({
        ...sql.changeTasks,
        values: sql.changeTasks.encode(changes.map(({ change }) => ({ change, event: undefined }))),
      }),
    );
    await markReady(
      this.#scope,
      changes.flatMap(({ change, before }) => (change.to === 'ready' ? [before.lane] : [])),
    );
    for (const { change, before } of changes)
      if (before.state === taskStates.leased && !('fence' in change.guard))
        effects.revoked.push(change.key);
    const appends = changes.flatMap(({ change, before }) =>
      change.journal === undefined
        ? []
        : [
            {
              key: change.key,
              tenant: before.tenant,
              fence: null,
              steps: JSON.stringify(mergeSteps(change.journal)),
            },
          ],
    );
    if (appends.length > 0)
      sent.add(client.query({ ...sql.appendJournal, values: sql.appendJournal.encode(appends) }));
  }

  async #freeCaps(changes: readonly AcceptedChange[]): Promise<void> {
    const lanes = changes.flatMap(({ before }) => (before.capped === 1 ? [before.lane] : []));
    for (const [key, count] of await capsOfLanes(this.#scope, lanes))
      this.#freed.set(key, (this.#freed.get(key) ?? 0) + count);
  }

  /** Writes all that is left; answers for the inserted tasks in order. */
  async finish(): Promise<TaskAnswer[]> {
    const scope = this.#scope;
    await this.writeChanges();
    const { client, sent } = scope;
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
    return this.#insertTasks();
  }

  async #insertTasks(): Promise<TaskAnswer[]> {
    const scope = this.#scope;
    const known = new Map(
      this.#accepted.flatMap((unit) =>
        unit.run === undefined ? [] : [[unit.run.id, unit.run.key] as const],
      ),
    );
    const tasks = this.#accepted.flatMap((unit) => unit.insert ?? []);
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
    if (answers !== undefined) return answers;
    throw inTheWay(scope);
  }
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

export async function markReady(scope: FlushScope, lanes: readonly number[]): Promise<void> {
  if (lanes.length === 0) return;
  await scope.dictionaries.learnKeys(lanes);
  for (const key of lanes) {
    const lane = scope.dictionaries.laneByKey(key);
    if (lane !== undefined) scope.effects.ready.add(lane);
  }
}
