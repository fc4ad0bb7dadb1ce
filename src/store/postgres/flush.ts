// Writes the atoms of one flush.
// I1: what is quick (each kind one statement that judges by itself: single tasks, run starts, journals, ends) commits after one wait: one kind by
// itself, several kinds as one transaction whose statements are sent behind each other. I2: what a quick statement did not match is judged carefully
// in a transaction of its own after it. I3: one atom that is not quick makes the whole flush careful, so that units of one run keep their order (S5).
// I4: a quick flush that cannot be stored wrote nothing; it is written again carefully, which tells rows that are in the way from bad ones (S2).

import { crashPoint } from '../../contract/index.ts';
import type {
  EnqueueUnit,
  EnqueueVerdict,
  HiveError,
  SettleUnit,
  SettleVerdict,
} from '../../contract/index.ts';
import { enqueueCarefully, enqueuePlain, isPlain } from './enqueue-flush.ts';
import { failureKind } from './failure.ts';
import type { FlushScope, InTransaction } from './insert-rows.ts';
import { appendJournals, needsLock } from './journal-flush.ts';
import type { JournalAppend } from './journal-flush.ts';
import { transaction } from './link.ts';
import type { Sent } from './link.ts';
import { concern, lockRows, sendLocks } from './locked-rows.ts';
import { areChains, isRunEnd, settleChains } from './run-ends.ts';
import type { RunEnd } from './run-ends.ts';
import { isRunStart, startRuns } from './run-starts.ts';
import type { RunStart } from './run-starts.ts';
import { isPlainEnd, settleCarefully, settlePlain } from './settle-flush.ts';
import type { PresentRows } from './settle-verdicts.ts';

/** The smallest thing that is written or refused. */
export type Atom =
  | { kind: 'enqueue'; unit: EnqueueUnit }
  | { kind: 'settle'; unit: SettleUnit }
  | { kind: 'journal'; append: JournalAppend };
export type AtomVerdict = EnqueueVerdict | SettleVerdict | boolean | Refusal;
/** An append that cannot be stored; it has no verdict of its own, so its caller gets the error. */
export interface Refusal {
  status: 'refused';
  error: HiveError;
}

interface At<Unit> {
  at: number;
  unit: Unit;
}
const unitsOf = <Unit>(atoms: readonly At<Unit>[]): Unit[] => atoms.map(({ unit }) => unit);
const inOrder = <Unit>(...lists: readonly (readonly At<Unit>[])[]): At<Unit>[] =>
  lists.flat().toSorted((a, b) => a.at - b.at);

export class Flush {
  readonly #scope: FlushScope;
  readonly #verdicts: (AtomVerdict | undefined)[];
  readonly #plain: At<EnqueueUnit>[] = [];
  readonly #starts: At<RunStart>[] = [];
  readonly #enqueues: At<EnqueueUnit>[] = [];
  readonly #journals: { at: number; append: JournalAppend }[] = [];
  readonly #ends: At<SettleUnit>[] = [];
  readonly #runEnds: At<RunEnd>[] = [];
  readonly #settles: At<SettleUnit>[] = [];

  constructor(scope: FlushScope, atoms: readonly Atom[]) {
    this.#scope = scope;
    this.#verdicts = Array.from({ length: atoms.length });
    for (const [at, atom] of atoms.entries()) {
      switch (atom.kind) {
        case 'enqueue':
          this.#sortEnqueue(at, atom.unit);
          break;
        case 'settle':
          this.#sortSettle(at, atom.unit);
          break;
        case 'journal':
          this.#journals.push({ at, append: atom.append });
          break;
      }
    }
  }

  #sortEnqueue(at: number, unit: EnqueueUnit): void {
    const { dictionaries, tries } = this.#scope;
    if (isPlain(unit, dictionaries)) this.#plain.push({ at, unit });
    // At a second try it may be there already: that is looked at first.
    else if (tries === 0 && isRunStart(unit, dictionaries)) this.#starts.push({ at, unit });
    else this.#enqueues.push({ at, unit });
  }

  #sortSettle(at: number, unit: SettleUnit): void {
    if (isPlainEnd(unit)) this.#ends.push({ at, unit });
    else if (isRunEnd(unit, this.#scope.dictionaries)) this.#runEnds.push({ at, unit });
    else this.#settles.push({ at, unit });
  }

  async write(): Promise<AtomVerdict[]> {
    if (!this.#isQuick() || !(await this.#writeQuickly()))
      await transaction(this.#scope.client, (sent) => this.#writeAll(sent));
    return this.#verdicts.map((verdict) => verdict ?? false);
  }

  #isQuick(): boolean {
    return (
      this.#enqueues.length + this.#settles.length === 0 &&
      !this.#needsLocks() &&
      areChains(unitsOf(this.#runEnds))
    );
  }

  #needsLocks(): boolean {
    return this.#journals.some(({ append }) => needsLock(append));
  }

  /** False: a row of it cannot be stored like this, nothing was written, and careful judgement may tell which. */
  async #writeQuickly(): Promise<boolean> {
    const { client } = this.#scope;
    const lists = [this.#plain, this.#starts, this.#journals, this.#ends, this.#runEnds];
    let left: At<SettleUnit>[];
    try {
      if (lists.filter((list) => list.length > 0).length === 1) {
        await this.#appendJournals();
        left = await this.#sendQuick();
      } else {
        const sending = await transaction(client, async (sent) => {
          this.#sendLocks(sent);
          await this.#appendJournals();
          const answers = this.#sendQuick();
          sent.add(answers);
          return { answers };
        });
        left = await sending.answers;
      }
    } catch (error) {
      if (failureKind(error) === 'data' && this.#starts.length + this.#runEnds.length > 0)
        return false;
      throw error;
    }
    // Rows that did not match are judged in a transaction of their own: the statement has committed.
    if (left.length > 0)
      await transaction(client, async (sent) => {
        const scope = { ...this.#scope, sent };
        await this.#settle(scope, left, await lockRows(scope, unitsOf(left)));
      });
    return true;
  }

  /** Statements that lock rows one kind after the other would lock them in another order than the next flush does: all rows first. */
  #sendLocks(sent: Sent): void {
    const lockers = [this.#journals, this.#ends, this.#runEnds].filter((list) => list.length > 0);
    if (lockers.length < 2) return;
    sendLocks(this.#scope.client, sent, {
      runs: this.#runEnds.map(({ unit }) => unit.run.key),
      tasks: [...this.#taskKeys(), ...this.#runEnds.map(({ unit }) => unit.change.key)],
    });
  }

  /** Tasks that journals and plain ends change. */
  #taskKeys(): number[] {
    return [
      ...this.#journals.map(({ append }) => append.key),
      ...this.#ends.flatMap(({ unit }) => unit.change?.key ?? []),
    ];
  }

  /** Sends a statement for each kind before it waits for any answer. Returns the ends that did not match. */
  async #sendQuick(): Promise<At<SettleUnit>[]> {
    const [plain, starts, ends, runEnds] = await Promise.all([
      this.#plain.length === 0 ? [] : enqueuePlain(this.#scope, unitsOf(this.#plain)),
      this.#starts.length === 0 ? [] : startRuns(this.#scope, unitsOf(this.#starts)),
      this.#ends.length === 0 ? [] : settlePlain(this.#scope, unitsOf(this.#ends)),
      this.#runEnds.length === 0 ? [] : settleChains(this.#scope, unitsOf(this.#runEnds)),
    ]);
    this.#answer(this.#plain, plain);
    this.#answer(this.#starts, starts);
    return inOrder(this.#keep(this.#ends, ends), this.#keep(this.#runEnds, runEnds));
  }

  async #appendJournals(): Promise<void> {
    if (this.#journals.length === 0) return;
    const appends = this.#journals.map(({ append }) => append);
    this.#answer(this.#journals, await appendJournals(this.#scope, appends));
  }

  /** Gives the verdicts that there are; returns the others. */
  #keep(
    ends: readonly At<SettleUnit>[],
    verdicts: readonly (SettleVerdict | undefined)[],
  ): At<SettleUnit>[] {
    return ends.filter((end, i) => {
      this.#verdicts[end.at] = verdicts[i];
      return verdicts[i] === undefined;
    });
  }

  async #writeAll(sent: Sent): Promise<void> {
    const scope = { ...this.#scope, sent };
    const settles = inOrder<SettleUnit>(this.#settles, this.#runEnds);
    const enqueues = inOrder<EnqueueUnit>(this.#enqueues, this.#starts);
    const lockers = [this.#journals, this.#ends, settles].filter((list) => list.length > 0);
    const units = unitsOf(settles);
    const others = this.#taskKeys();
    const isLocked = lockers.length > 1 || units.length > 0 || this.#needsLocks();
    let rows = isLocked ? await lockRows(scope, units, others) : undefined;
    if (this.#plain.length > 0)
      this.#answer(this.#plain, await enqueuePlain(scope, unitsOf(this.#plain)));
    await this.#appendJournals();
    const left =
      this.#ends.length === 0
        ? []
        : this.#keep(this.#ends, await settlePlain(scope, unitsOf(this.#ends)));
    if (enqueues.length > 0) {
      this.#answer(enqueues, await enqueueCarefully(scope, unitsOf(enqueues)));
      if (enqueues.some(({ unit }) => unit.run !== undefined)) crashPoint('C2');
    }
    if (rows !== undefined && units.length > 0) {
      // Read again what the statements above have changed.
      if (concern(units, { rows, others })) rows = await lockRows(scope, units);
      await this.#settle(scope, settles, rows);
    }
    // Those that did not match are judged by rows read anew: the others have changed them.
    if (left.length > 0) await this.#settle(scope, left, await lockRows(scope, unitsOf(left)));
  }

  async #settle(
    scope: InTransaction,
    settles: readonly At<SettleUnit>[],
    rows: PresentRows,
  ): Promise<void> {
    this.#answer(settles, await settleCarefully(scope, unitsOf(settles), rows));
  }

  #answer(atoms: readonly { at: number }[], verdicts: readonly AtomVerdict[]): void {
    for (const [i, { at }] of atoms.entries()) this.#verdicts[at] = verdicts[i];
  }
}
