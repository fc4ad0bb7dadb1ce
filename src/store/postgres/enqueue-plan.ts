// Enqueue units with a run, several tasks, events or an audit row: looked up, judged, written set by set inside the caller's transaction.
// I1: a unit is written whole or not at all. I2: a repeated unit (same ids) answers with the keys that exist (S6). I3: of two units with one
// idempotency key in one flush the first wins, as if it had been committed before.

import { hiveError, idBytes } from '../../contract/index.ts';
import type { EnqueueUnit, EnqueueVerdict, RunId, RunKey, TaskId } from '../../contract/index.ts';
import {
  applyCaps,
  findRunKeys,
  insert,
  inTheWay,
  sendFacts,
  taskPart,
  taskRow,
} from './insert-rows.ts';
import type { InTransaction, TaskAnswer } from './insert-rows.ts';
import { findCopies, writeCopies } from './copies.ts';
import { lookUp } from './look-up.ts';
import type { CopyRow } from './sql-copies.ts';
import { insertPins, insertRuns, keysOf } from './sql-insert.ts';

export class EnqueuePlan {
  readonly #scope: InTransaction;
  readonly #units: readonly EnqueueUnit[];
  /** Undefined: to be written. */
  readonly #verdicts: (EnqueueVerdict | undefined)[];

  constructor(scope: InTransaction, units: readonly EnqueueUnit[]) {
    this.#scope = scope;
    this.#units = units;
    this.#verdicts = units.map(() => undefined);
  }

  /** Looks at what exists, unless this is the first try: nearly all units are new, and an insert that finds rows in its way starts again. */
  async judge(): Promise<void> {
    if (this.#scope.tries > 0) await this.#look();
    this.#judgeNeighbours();
  }

  async #look(): Promise<void> {
    const withRun = this.#units.flatMap((unit, i) =>
      unit.run === undefined ? [] : [{ i, run: unit.run }],
    );
    const runs = await lookUp(
      this.#scope,
      'runs',
      withRun.map(({ run }) => ({
        id: idBytes('run', run.id),
        tenant: run.tenant,
        idem: run.idempotencyKey,
      })),
    );
    const runKeys = new Map<number, RunKey>();
    for (const [at, { i, run }] of withRun.entries()) {
      const verdict = runs.verdict(at, { kind: 'run', bodyHash: run.bodyHash });
      if (verdict === undefined) continue;
      if ('status' in verdict) this.#verdicts[i] = verdict;
      else runKeys.set(i, verdict.key);
    }
    // Tasks are looked up for units without a run, and for runs that exist already (a repeat answers with their keys).
    const looked = this.#units.flatMap((unit, i) =>
      unit.run === undefined || runKeys.has(i)
        ? unit.tasks.map((task, at) => ({
            i,
            task,
            idem: unit.run === undefined && at === 0 ? task.idempotencyKey : undefined,
          }))
        : [],
    );
    const tasks = await lookUp(
      this.#scope,
      'tasks',
      looked.map(({ task, idem }) => ({ id: idBytes('task', task.id), tenant: task.tenant, idem })),
    );
    const answersOf = new Map<number, TaskAnswer[]>();
    for (const [at, { i, task }] of looked.entries()) {
      const verdict = tasks.verdict(at, { kind: 'task', bodyHash: task.bodyHash });
      if (verdict === undefined) continue;
      if ('status' in verdict) this.#verdicts[i] = verdict;
      else
        answersOf.set(i, [
          ...(answersOf.get(i) ?? []),
          { key: verdict.key, unleased: task.lease !== undefined && !verdict.owned },
        ]);
    }
    const copies = await findCopies(
      this.#scope,
      this.#units.flatMap(({ copies: list = [] }) => list.map(({ id }) => id)),
    );
    for (const [i, unit] of this.#units.entries()) {
      const written = [
        ...(answersOf.get(i) ?? []),
        ...(unit.copies ?? []).flatMap(({ id }) => {
          const key = copies.get(id);
          return key === undefined ? [] : [{ key, unleased: false }];
        }),
      ];
      const runKey = runKeys.get(i) ?? null;
      if (runKey !== null || (written.length > 0 && written.length === rowsOf(unit)))
        this.#verdicts[i] ??= { status: 'ok', ...taskPart(written), runKey };
    }
  }

  /** The same idempotency key twice in one flush: the first unit wins, as if it had been committed before. */
  #judgeNeighbours(): void {
    const first = new Map<string, { id: TaskId | RunId; bodyHash: string | undefined }>();
    for (const [i, unit] of this.#units.entries()) {
      const source = unit.run ?? unit.tasks[0];
      if (source?.idempotencyKey === undefined || this.#verdicts[i] !== undefined) continue;
      const name = `${unit.run === undefined ? 'task' : 'run'} ${source.tenant} ${source.idempotencyKey}`;
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, { id: source.id, bodyHash: source.bodyHash });
      else if (earlier.id === source.id) continue; // the same unit twice: refused below, bisected, and then a repeat
      else
        this.#verdicts[i] = {
          status: earlier.bodyHash === source.bodyHash ? 'duplicate' : 'conflict',
          id: earlier.id,
        };
    }
  }

  async write(): Promise<EnqueueVerdict[]> {
    const scope = this.#scope;
    const fresh = this.#units.flatMap((unit, i) =>
      this.#verdicts[i] === undefined ? [{ i, unit }] : [],
    );
    refuseTwice(fresh.map(({ unit }) => unit));
    const runKeys = await this.#writeRuns(fresh);
    const named = await findRunKeys(
      scope.client,
      fresh.flatMap(({ unit }) =>
        unit.run === undefined
          ? unit.tasks.flatMap((task) => (task.run === undefined ? [] : [task.run]))
          : [],
      ),
    );
    const rows = fresh.flatMap(({ i, unit }) =>
      unit.tasks.map((task) =>
        taskRow(
          scope,
          task,
          runKeys.get(i) ?? (task.run === undefined ? null : (named.get(task.run) ?? null)),
        ),
      ),
    );
    await applyCaps(scope, rows);
    sendFacts(scope, {
      events: fresh.flatMap(({ unit }) => unit.events ?? []),
      audits: fresh.flatMap(({ unit }) => (unit.audit === undefined ? [] : [unit.audit])),
    });
    const { answers } = await insert(scope, rows);
    if (answers === undefined) throw inTheWay(scope);
    const copies = await writeCopies(
      scope,
      fresh.flatMap(({ i, unit }) => copyRows(unit, runKeys.get(i) ?? null)),
    );
    if (copies === undefined) throw inTheWay(scope);
    let at = 0;
    let copiesAt = 0;
    for (const { i, unit } of fresh) {
      const copied = copies.slice(copiesAt, (copiesAt += unit.copies?.length ?? 0));
      this.#verdicts[i] = {
        status: 'ok',
        ...taskPart([
          ...answers.slice(at, (at += unit.tasks.length)),
          ...copied.map((key) => ({ key, unleased: false })),
        ]),
        runKey: runKeys.get(i) ?? null,
      };
    }
    return this.#verdicts.map(
      (verdict) => verdict ?? { status: 'invalid', error: hiveError('INTERNAL').toRecord() },
    );
  }

  async #writeRuns(
    fresh: readonly { i: number; unit: EnqueueUnit }[],
  ): Promise<Map<number, RunKey>> {
    const inserts = fresh.flatMap(({ i, unit }) => {
      const seq = unit.events?.reduce((last, event) => Math.max(last, event.seq ?? 0), 0) ?? 0;
      return unit.run === undefined ? [] : [{ i, run: unit.run, seq }];
    });
    if (inserts.length === 0) return new Map();
    const { rows } = await this.#scope.client.query<{ keys: string | null }>({
      ...insertRuns,
      values: insertRuns.encode(inserts),
    });
    const keys = keysOf(rows[0]?.keys);
    if (keys.length < inserts.length) throw inTheWay(this.#scope);
    const pins = inserts.map(({ run }, at) => ({ run, key: keys[at] ?? 0 }));
    this.#scope.sent.add(
      this.#scope.client.query({ ...insertPins, values: insertPins.encode(pins) }),
    );
    return new Map(inserts.map(({ i }, at) => [i, keys[at] ?? 0]));
  }
}

const rowsOf = ({ tasks, copies }: EnqueueUnit): number => tasks.length + (copies?.length ?? 0);

function copyRows(unit: EnqueueUnit, run: RunKey | null): CopyRow[] {
  const { copies = [], audit, events } = unit;
  const atMs = unit.run?.createdMs ?? audit?.atMs ?? events?.[0]?.atMs ?? null;
  return copies.map((copy) => ({ copy, run, tenant: unit.run?.tenant ?? null, atMs }));
}

/** Two rows with one id: bisected until the unit that holds both stands alone. */
function refuseTwice(units: readonly EnqueueUnit[]): void {
  const seen = new Set<string>();
  for (const unit of units) {
    for (const id of [
      ...(unit.run === undefined ? [] : [unit.run.id]),
      ...unit.tasks.map((task) => task.id),
      ...(unit.copies ?? []).map((copy) => copy.id),
    ]) {
      if (seen.has(id)) throw hiveError('INPUT_INVALID', { message: `the id ${id} is used twice` });
      seen.add(id);
    }
  }
}
