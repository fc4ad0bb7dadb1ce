// One time series of a metric: the numbers of one set of labels. Callers keep the handle, so that the hot path is an addition.

import { quantile } from './histogram-buckets.ts';

export interface CounterSeries {
  /** Adds a positive amount; 1 by default. */
  add(amount?: number): void;
}

export interface GaugeSeries {
  set(value: number): void;
  add(amount: number): void;
  /** The value is asked for at each snapshot, and wins over set(). */
  from(read: () => number | null): void;
}

export interface HistogramSeries {
  /** In the unit of the metric: seconds, not milliseconds. */
  observe(value: number): void;
}

export interface HistogramData {
  count: number;
  sum: number;
  min: number | null;
  max: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  /** Per bound (null = no bound), not cumulative. */
  buckets: { le: number | null; count: number }[];
}

export class Counter implements CounterSeries {
  value = 0;

  add(amount = 1): void {
    if (amount > 0) this.value += amount; // also refuses NaN: a counter only rises
  }
}

export class Gauge implements GaugeSeries {
  /** null until it is set: no data is not zero. */
  value: number | null = null;
  #read: (() => number | null) | undefined;

  set(value: number): void {
    this.value = Number.isFinite(value) ? value : null;
  }

  add(amount: number): void {
    this.set((this.value ?? 0) + amount);
  }

  from(read: () => number | null): void {
    this.#read = read;
  }

  read(): number | null {
    if (this.#read === undefined) return this.value;
    const value = this.#read();
    return value !== null && Number.isFinite(value) ? value : null;
  }
}

export class Histogram implements HistogramSeries {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    if (!(value >= 0) || value === Number.POSITIVE_INFINITY) return; // a clock that jumped must not spoil the sum
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bounds[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + 1;
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  data(): HistogramData {
    const distribution = {
      bounds: this.#bounds,
      counts: this.#counts,
      count: this.#count,
      min: this.#min,
      max: this.#max,
    };
    const isEmpty = this.#count === 0;
    return {
      count: this.#count,
      sum: this.#sum,
      min: isEmpty ? null : this.#min,
      max: isEmpty ? null : this.#max,
      p50: quantile(distribution, 0.5),
      p95: quantile(distribution, 0.95),
      p99: quantile(distribution, 0.99),
      buckets: [...this.#counts].map((count, i) => ({ le: this.#bounds[i] ?? null, count })),
    };
  }
}
