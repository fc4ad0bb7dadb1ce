// One flush lane: a queue with group commit on one connection, one flush in flight, so its units keep their order (S5).
// Owns: its batcher and its link. Who may call it: the store's core.
// I1: a verdict is given only after the commit of its unit (S1). I2: a flush that fails on data is halved until the bad unit stands alone (S2).
// I3: a flush of one plain kind is one statement with its own commit; everything else is one transaction.
//
// A flush is: learn lanes > plan by kind > write (autocommit or BEGIN … COMMIT) > effects told > verdicts. On data error: halves, in order.

import { crashPoint } from '../../contract/index.ts';
import type {
  EnqueueUnit,
  EnqueueVerdict,
  HiveError,
  NewTask,
  SettleUnit,
  SettleVerdict,
} from '../../contract/index.ts';
import { Batcher } from '../../kernel/index.ts';
import type { Dictionaries } from './dictionaries.ts';
import { Effects } from './effects.ts';
import { enqueueCarefully, enqueuePlain, isPlain } from './enqueue-flush.ts';
import type { FlushScope } from './insert-rows.ts';
import { appendJournals } from './journal-flush.ts';
import type { JournalAppend } from './journal-flush.ts';
import { failureKind, storeError } from './failure.ts';
import { transaction } from './link.ts';
import type { Link, Sent } from './link.ts';
import { isPlainEnd, settleCarefully, settlePlain } from './settle-flush.ts';

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

/** Units of one flush: about 20 ms of server time, which bounds the wait of the next one. */
export const MAX_FLUSH_WEIGHT = 1_000;
/** Callers' batches that may wait for one lane; beyond it they get QUEUE_FULL instead of growing the heap. */
const MAX_QUEUE = 50_000;
/** A kilobyte of payload weighs like this many rows, so that large payloads make smaller flushes. */
const WEIGHT_PER_KB = 0.25;

export interface FlushLaneOptions {
  link: Link;
  dictionaries: Dictionaries;
  /** Called after a commit, before its verdicts are given. */
  committed: (effects: Effects) => void;
  onFlush?: ((flush: { units: number; durationMs: number }) => void) | undefined;
  nowMs: () => number;
}

export class FlushLane {
  readonly #options: FlushLaneOptions;
  readonly #batcher: Batcher<readonly Atom[], AtomVerdict[]>;
  #flushing = false;

  constructor(options: FlushLaneOptions) {
    this.#options = options;
    this.#batcher = new Batcher({
      flush: (batches) => this.#flush(batches),
      maxItems: MAX_FLUSH_WEIGHT,
      inFlight: 1,
      maxQueue: MAX_QUEUE,
      weight: (atoms) => atoms.reduce((sum, atom) => sum + weightOf(atom), 0),
    });
  }

  /** Batches waiting; a flush in flight counts as none. */
  get depth(): number {
    return this.#batcher.depth;
  }

  /** A flush is in flight. */
  get busy(): boolean {
    return this.#flushing;
  }

  push(atoms: readonly Atom[]): Promise<AtomVerdict[]> {
    return this.#batcher.push(atoms);
  }

  async close(): Promise<void> {
    this.#options.link.hurry();
    await this.#batcher.idle();
    await this.#options.link.close();
  }

  async #flush(batches: readonly (readonly Atom[])[]): Promise<AtomVerdict[][]> {
    const startedMs = this.#options.nowMs();
    const atoms = batches.flat();
    this.#flushing = true;
    const verdicts = await this.#commit(atoms).finally(() => {
      this.#flushing = false;
    });
    this.#options.onFlush?.({ units: atoms.length, durationMs: this.#options.nowMs() - startedMs });
    let at = 0;
    return batches.map((batch) => verdicts.slice(at, (at += batch.length)));
  }

  async #commit(atoms: readonly Atom[]): Promise<AtomVerdict[]> {
    const { link, dictionaries } = this.#options;
    try {
      const { verdicts, effects } = await link.run(async (client, tries) => {
        const scope: FlushScope = { client, tries, dictionaries, effects: new Effects() };
        await dictionaries.learn(newTasks(atoms));
        return { verdicts: await new Flush(scope, atoms).write(), effects: scope.effects };
      });
      for (const point of pointsAfter(atoms)) crashPoint(point);
      crashPoint('C9');
      this.#options.committed(effects);
      return verdicts;
    } catch (error) {
      if (failureKind(error) !== 'data') throw storeError(error);
      if (atoms.length <= 1) return atoms.map((atom) => refusal(atom, error));
      const middle = Math.ceil(atoms.length / 2);
      const first = await this.#commit(atoms.slice(0, middle));
      return first.concat(await this.#commit(atoms.slice(middle)));
    }
  }
}

/** Weight of an atom: rows, and payload in proportion. */
export function weightOf(atom: Atom): number {
  switch (atom.kind) {
    case 'enqueue':
      return (
        rowsWeight(atom.unit.tasks) +
        (atom.unit.run === undefined
          ? 0
          : 1 + kilobytes(atom.unit.run.graph) + kilobytes(atom.unit.run.input))
      );
    case 'settle': {
      const { change, insert = [], also = [], run } = atom.unit;
      return (
        1 + kilobytes(change?.result) + kilobytes(run?.progress) + rowsWeight(insert) + also.length
      );
    }
    case 'journal':
      return atom.append.steps.reduce((sum, step) => sum + 1 + kilobytes(step.result), 0);
  }
}

const kilobytes = (text: string | null | undefined): number =>
  ((text?.length ?? 0) / 1_024) * WEIGHT_PER_KB;
const rowsWeight = (tasks: readonly NewTask[]): number =>
  tasks.reduce((sum, task) => sum + 1 + kilobytes(task.input), 0);

function newTasks(atoms: readonly Atom[]): NewTask[] {
  return atoms.flatMap((atom) =>
    atom.kind === 'enqueue'
      ? atom.unit.tasks
      : atom.kind === 'settle'
        ? (atom.unit.insert ?? [])
        : [],
  );
}

function pointsAfter(atoms: readonly Atom[]): ('C3' | 'C8')[] {
  const points: ('C3' | 'C8')[] = [];
  if (atoms.some((atom) => atom.kind === 'enqueue')) points.push('C3');
  if (atoms.some((atom) => atom.kind === 'settle')) points.push('C8');
  return points;
}

function refusal(atom: Atom, error: unknown): AtomVerdict {
  if (atom.kind === 'journal') return { status: 'refused', error: storeError(error) };
  return { status: 'invalid', error: storeError(error).toRecord() };
}

class Flush {
  readonly #scope: FlushScope;
  readonly #verdicts: (AtomVerdict | undefined)[];
  readonly #plain: { at: number; unit: EnqueueUnit }[] = [];
  readonly #enqueues: { at: number; unit: EnqueueUnit }[] = [];
  readonly #journals: { at: number; append: JournalAppend }[] = [];
  readonly #ends: { at: number; unit: SettleUnit }[] = [];
  readonly #settles: { at: number; unit: SettleUnit }[] = [];

  constructor(scope: FlushScope, atoms: readonly Atom[]) {
    this.#scope = scope;
    this.#verdicts = Array.from({ length: atoms.length });
    for (const [at, atom] of atoms.entries()) {
      switch (atom.kind) {
        case 'enqueue':
          (isPlain(atom.unit, scope.dictionaries) ? this.#plain : this.#enqueues).push({
            at,
            unit: atom.unit,
          });
          break;
        case 'settle':
          (isPlainEnd(atom.unit) ? this.#ends : this.#settles).push({ at, unit: atom.unit });
          break;
        case 'journal':
          this.#journals.push({ at, append: atom.append });
          break;
      }
    }
  }

  async write(): Promise<AtomVerdict[]> {
    const { client } = this.#scope;
    const statements = [this.#plain, this.#journals, this.#ends].filter(
      (list) => list.length > 0,
    ).length;
    const careful = this.#enqueues.length + this.#settles.length > 0;
    if (careful || statements > 1) {
      await transaction(client, async (sent) => {
        await this.#writePlain();
        await this.#writeCareful(sent);
      });
    } else {
      await this.#writePlain();
      // Rows that did not match are judged in a transaction of their own: the plain statement has committed.
      if (this.#settles.length > 0) await transaction(client, (sent) => this.#writeCareful(sent));
    }
    return this.#verdicts.map((verdict) => verdict ?? false);
  }

  async #writePlain(): Promise<void> {
    const scope = this.#scope;
    if (this.#plain.length > 0)
      this.#answer(
        this.#plain,
        await enqueuePlain(
          scope,
          this.#plain.map(({ unit }) => unit),
        ),
      );
    if (this.#journals.length > 0)
      this.#answer(
        this.#journals,
        await appendJournals(
          scope,
          this.#journals.map(({ append }) => append),
        ),
      );
    if (this.#ends.length === 0) return;
    const verdicts = await settlePlain(
      scope,
      this.#ends.map(({ unit }) => unit),
    );
    for (const [i, end] of this.#ends.entries()) {
      const verdict = verdicts[i];
      if (verdict === undefined) this.#settles.push(end);
      else this.#verdicts[end.at] = verdict;
    }
    this.#settles.sort((a, b) => a.at - b.at);
  }

  async #writeCareful(sent: Sent): Promise<void> {
    const scope = { ...this.#scope, sent };
    if (this.#enqueues.length > 0) {
      this.#answer(
        this.#enqueues,
        await enqueueCarefully(
          scope,
          this.#enqueues.map(({ unit }) => unit),
        ),
      );
      if (this.#enqueues.some(({ unit }) => unit.run !== undefined)) crashPoint('C2');
    }
    if (this.#settles.length > 0)
      this.#answer(
        this.#settles,
        await settleCarefully(
          scope,
          this.#settles.map(({ unit }) => unit),
        ),
      );
  }

  #answer(atoms: readonly { at: number }[], verdicts: readonly AtomVerdict[]): void {
    for (const [i, { at }] of atoms.entries()) this.#verdicts[at] = verdicts[i];
  }
}
