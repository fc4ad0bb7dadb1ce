// Which flush lane takes a unit.
// Owns: which order numbers (runs, tasks) are bound to a lane. I1: while a unit of an order number is on its way, all units of that number go to
// the same lane, so they keep their order (S5). I2: a number with nothing on its way may go anywhere: to the first lane that is idle, else
// where a full flush is gathering. Few large flushes beat many small ones: measured, hashing over four lanes cost 25 % more CPU per task.

import type { RunId } from '../../contract/index.ts';
import { MAX_FLUSH_WEIGHT, weightOf } from './flush-lane.ts';
import type { FlushLane } from './flush-lane.ts';
import type { Atom, AtomVerdict } from './flush.ts';

interface Bound {
  lane: FlushLane;
  onTheirWay: number;
}

export class LaneChoice {
  readonly #lanes: readonly FlushLane[];
  readonly #first: FlushLane;
  readonly #bound = new Map<number, Bound>();

  constructor(lanes: readonly FlushLane[]) {
    const [first] = lanes;
    if (first === undefined) throw new RangeError('a store needs a flush lane');
    this.#lanes = lanes;
    this.#first = first;
  }

  /** Writes the atoms; `orders` holds the order number of each, undefined where order does not matter. Verdicts in the order of the atoms. */
  async push(
    atoms: readonly Atom[],
    orders: readonly (number | undefined)[],
  ): Promise<AtomVerdict[]> {
    if (atoms.length === 1) return this.#pushTo(this.#choose(orders[0]), { atoms, orders });
    const free = this.#free();
    const byLane = new Map<FlushLane, number[]>();
    for (let i = 0; i < atoms.length; i++) {
      const order = orders[i];
      const lane = (order === undefined ? undefined : this.#bound.get(order)?.lane) ?? free;
      const list = byLane.get(lane);
      if (list === undefined) byLane.set(lane, [i]);
      else list.push(i);
    }
    const verdicts: AtomVerdict[] = Array.from({ length: atoms.length }, () => false);
    const parts = [...byLane].flatMap(([lane, indexes]) =>
      splitByWeight(indexes, atoms).map(async (part) => {
        const picked = {
          atoms: part.flatMap((i) => atoms[i] ?? []),
          orders: part.map((i) => orders[i]),
        };
        const answers = await this.#pushTo(lane, picked);
        for (const [at, i] of part.entries()) verdicts[i] = answers[at] ?? false;
      }),
    );
    await Promise.all(parts);
    return verdicts;
  }

  async #pushTo(
    lane: FlushLane,
    of: { atoms: readonly Atom[]; orders: readonly (number | undefined)[] },
  ): Promise<AtomVerdict[]> {
    for (const order of of.orders) this.#bind(order, lane);
    try {
      return await lane.push(of.atoms);
    } finally {
      for (const order of of.orders) this.#release(order);
    }
  }

  #choose(order: number | undefined): FlushLane {
    return (order === undefined ? undefined : this.#bound.get(order)?.lane) ?? this.#free();
  }

  #free(): FlushLane {
    for (const lane of this.#lanes) if (!lane.busy) return lane;
    for (const lane of this.#lanes) if (lane.depth < MAX_FLUSH_WEIGHT) return lane;
    return this.#lanes.reduce(
      (least, lane) => (lane.depth < least.depth ? lane : least),
      this.#first,
    );
  }

  #bind(order: number | undefined, lane: FlushLane): void {
    if (order === undefined) return;
    const bound = this.#bound.get(order);
    if (bound === undefined) this.#bound.set(order, { lane, onTheirWay: 1 });
    else bound.onTheirWay++;
  }

  #release(order: number | undefined): void {
    const bound = order === undefined ? undefined : this.#bound.get(order);
    if (bound === undefined || order === undefined) return;
    if (--bound.onTheirWay === 0) this.#bound.delete(order);
  }
}

/** The order number of a run that is being created, from the random part of its id. */
export function orderOfRun(run: RunId): number {
  let hash = 0;
  for (let i = run.length - 6; i < run.length; i++) hash = (hash * 31 + run.charCodeAt(i)) | 0;
  return hash;
}

/** Cuts indexes of atoms into parts that fit one flush each. */
function splitByWeight(indexes: readonly number[], atoms: readonly Atom[]): number[][] {
  const parts: number[][] = [];
  let part: number[] = [];
  let weight = 0;
  for (const i of indexes) {
    const atom = atoms[i];
    const each = atom === undefined ? 0 : weightOf(atom);
    if (part.length > 0 && weight + each > MAX_FLUSH_WEIGHT) {
      parts.push(part);
      part = [];
      weight = 0;
    }
    part.push(i);
    weight += each;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
