// The labelled series of one metric. Owns: which label names exist, and how many sets of values one metric may have.
// I1: at most MAX_LABEL_SETS sets per metric; what comes later counts under the value 'other', so nothing is lost and memory is bounded.
// I2: names are closed, and none of them identifies a run, a task or a person; the tenant is one only where the hive was told so,
// because metrics leave the hive without its rules of access.

import { hiveError } from '../contract/index.ts';
import type { MetricLabels } from '../contract/index.ts';

/** Label names that a metric may carry. */
export const labelNames = [
  'agent',
  'agent_type',
  'direction',
  'error',
  'kind',
  'method',
  'model',
  'operation',
  'outcome',
  'route',
  'status',
  'store',
  'strategy',
  'tenant',
] as const;
export type LabelName = (typeof labelNames)[number];
export type Labels = Readonly<Partial<Record<LabelName, string>>>;

/** Sets of values per metric: a hundred agents times a few outcomes, and still under 100 KB with every metric full. */
export const MAX_LABEL_SETS = 200;
/** The value that stands for all sets over the bound. */
export const OTHER = 'other';
const MAX_VALUE = 64; // a name, not a text

export interface LabelledSeries<S> {
  labels: MetricLabels;
  series: S;
}

export class LabelSets<S> {
  readonly #make: () => S;
  readonly #withTenant: boolean;
  readonly #sets = new Map<string, LabelledSeries<S>>();
  /** Shortcut for the one label of the hot path: no key is built. */
  readonly #byAgent = new Map<string, S>();

  constructor(make: () => S, withTenant: boolean) {
    this.#make = make;
    this.#withTenant = withTenant;
  }

  /** The series of these labels; made when it is new. Throws INTERNAL for a label name that is not in the list. */
  get(labels: Labels): LabelledSeries<S> {
    const entries = this.#entriesOf(labels);
    const key = JSON.stringify(entries);
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    if (this.#sets.size < MAX_LABEL_SETS) return this.#add(key, entries);
    const other = entries.map(([name]): [string, string] => [name, OTHER]);
    const otherKey = JSON.stringify(other);
    // One set per combination of names: bounded by code, not by data.
    return this.#sets.get(otherKey) ?? this.#add(otherKey, other);
  }

  /** The series of `{ agent }`, without building anything when it is known. */
  ofAgent(agent: string): S {
    const known = this.#byAgent.get(agent);
    if (known !== undefined) return known;
    const { series } = this.get({ agent });
    if (this.#byAgent.size < MAX_LABEL_SETS) this.#byAgent.set(agent, series);
    return series;
  }

  all(): LabelledSeries<S>[] {
    return [...this.#sets.values()];
  }

  #entriesOf(labels: Labels): [string, string][] {
    const entries: [string, string][] = [];
    for (const name of Object.keys(labels).toSorted()) {
      const isKnown = labelNames.some((each) => each === name);
      if (!isKnown) {
        throw hiveError('INTERNAL', {
          message: `"${name}" is no metric label; see labelNames of telemetry`,
        });
      }
      const value = labels[name as LabelName];
      if (value === undefined || (name === 'tenant' && !this.#withTenant)) continue;
      entries.push([name, value.slice(0, MAX_VALUE)]);
    }
    return entries;
  }

  #add(key: string, entries: readonly [string, string][]): LabelledSeries<S> {
    const added = { labels: Object.fromEntries(entries), series: this.#make() };
    this.#sets.set(key, added);
    return added;
  }
}
