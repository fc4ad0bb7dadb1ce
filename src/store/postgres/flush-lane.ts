// One flush lane: a queue with group commit on one connection, one flush in flight, so its units keep their order (S5).
// Owns: its batcher and its link. Who may call it: the store's core.
// I1: a verdict is given only after the commit of its unit (S1). I2: a flush that fails on data is halved until the bad unit stands alone (S2).
//
// A flush is: learn lanes > write (flush.ts) > effects told > verdicts. On data error: halves, in order.

import { crashPoint } from '../../contract/index.ts';
import type { EnqueueUnit, JournalStep, NewTask } from '../../contract/index.ts';
import { Batcher } from '../../kernel/index.ts';
import type { Dictionaries } from './dictionaries.ts';
import { Effects } from './effects.ts';
import type { FlushScope } from './insert-rows.ts';
import { failureKind, storeError } from './failure.ts';
import { Flush } from './flush.ts';
import type { Atom, AtomVerdict } from './flush.ts';
import type { Link } from './link.ts';
import { isAnswer } from './settle-flush.ts';

/** Units of one flush: about 20 ms of server time, which bounds the wait of the next one. */
export const MAX_FLUSH_WEIGHT = 1_000;
/** Callers' batches that may wait for one lane; beyond it they get QUEUE_FULL instead of growing the heap. */
const MAX_QUEUE = 50_000;
/** A kilobyte of payload weighs like this many rows, so that large payloads make smaller flushes. */
const WEIGHT_PER_KB = 0.25;

/** A journal row that travels with its end costs a fraction of a task row; a copied task its row and its journal. */
const STEP_WEIGHT = 0.2;
const COPY_WEIGHT = 3;

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
      return enqueueWeight(atom.unit);
    case 'settle': {
      const { change, insert = [], also = [], run, children = [] } = atom.unit;
      return (
        1 +
        kilobytes(change?.result) +
        stepsWeight(change?.journal ?? []) * STEP_WEIGHT +
        kilobytes(run?.progress) +
        rowsWeight(insert) +
        also.length +
        children.reduce((sum, child) => sum + enqueueWeight(child), 0)
      );
    }
    case 'journal':
      return stepsWeight(atom.append.steps);
  }
}

const kilobytes = (text: string | null | undefined): number =>
  ((text?.length ?? 0) / 1_024) * WEIGHT_PER_KB;
const rowsWeight = (tasks: readonly NewTask[]): number =>
  tasks.reduce((sum, task) => sum + 1 + kilobytes(task.input), 0);
const stepsWeight = (steps: readonly JournalStep[]): number =>
  steps.reduce((sum, step) => sum + 1 + kilobytes(step.result), 0);

function enqueueWeight({ run, tasks, copies = [] }: EnqueueUnit): number {
  const runWeight = run === undefined ? 0 : 1 + kilobytes(run.graph) + kilobytes(run.input);
  return rowsWeight(tasks) + runWeight + copies.length * COPY_WEIGHT;
}

function newTasks(atoms: readonly Atom[]): NewTask[] {
  return atoms.flatMap((atom) => {
    switch (atom.kind) {
      case 'enqueue':
        return atom.unit.tasks;
      case 'settle':
        return [
          ...(atom.unit.insert ?? []),
          ...(atom.unit.children ?? []).flatMap((child) => child.tasks),
        ];
      case 'journal':
        return [];
    }
  });
}

function pointsAfter(atoms: readonly Atom[]): ('C3' | 'C8' | 'C16')[] {
  const points: ('C3' | 'C8' | 'C16')[] = [];
  if (atoms.some((atom) => atom.kind === 'enqueue')) points.push('C3');
  if (atoms.some((atom) => atom.kind === 'settle')) points.push('C8');
  if (atoms.some((atom) => atom.kind === 'settle' && isAnswer(atom.unit))) points.push('C16');
  return points;
}

function refusal(atom: Atom, error: unknown): AtomVerdict {
  if (atom.kind === 'journal') return { status: 'refused', error: storeError(error) };
  return { status: 'invalid', error: storeError(error).toRecord() };
}
