// Counters, gauges and histograms behind one door, by the names of contract's metricDefinitions and no others.
// Owns: every number that the hive counts about itself. Does not own: exporting; snapshot() is plain data.
// I1: every core record exists from the first moment, also when nothing happened yet. I2: adding to a kept series allocates nothing.
// I3: names and labels are closed and bounded, so no input of a user can grow memory here.

import { hiveError, metricDefinitions } from '../contract/index.ts';
import type { MetricLabels, MetricName } from '../contract/index.ts';
import { bucketBounds } from './histogram-buckets.ts';
import { LabelSets } from './label-sets.ts';
import type { Labels } from './label-sets.ts';
import { Counter, Gauge, Histogram } from './series.ts';
import type { CounterSeries, GaugeSeries, HistogramData, HistogramSeries } from './series.ts';

type Kind = 'counter' | 'gauge' | 'histogram';
type NameOf<K extends Kind> = {
  [N in MetricName]: (typeof metricDefinitions)[N]['kind'] extends K ? N : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;

/** The series without labels; `with` gives the one of a set of labels. Keep what `with` returns: looking it up costs. */
export type LabelledCounter = CounterSeries & { with(labels: Labels): CounterSeries };
export type LabelledGauge = GaugeSeries & { with(labels: Labels): GaugeSeries };
export type LabelledHistogram = HistogramSeries & { with(labels: Labels): HistogramSeries };

export interface MetricSnapshot {
  name: MetricName;
  kind: Kind;
  unit: string;
  help: string;
  /** Counter and gauge: `value` (null = no data). Histogram: `histogram`. The first has no labels and counts what no other series does. */
  series: { labels: MetricLabels; value?: number | null; histogram?: HistogramData }[];
}

class CounterMetric extends Counter implements LabelledCounter {
  readonly sets: LabelSets<Counter>;
  constructor(withTenant: boolean) {
    super();
    this.sets = new LabelSets(() => new Counter(), withTenant);
  }
  with(labels: Labels): CounterSeries {
    return this.sets.get(labels).series;
  }
}

class GaugeMetric extends Gauge implements LabelledGauge {
  readonly sets: LabelSets<Gauge>;
  constructor(withTenant: boolean) {
    super();
    this.sets = new LabelSets(() => new Gauge(), withTenant);
  }
  with(labels: Labels): GaugeSeries {
    return this.sets.get(labels).series;
  }
}

class HistogramMetric extends Histogram implements LabelledHistogram {
  readonly sets: LabelSets<Histogram>;
  constructor(bounds: readonly number[], withTenant: boolean) {
    super(bounds);
    this.sets = new LabelSets(() => new Histogram(bounds), withTenant);
  }
  with(labels: Labels): HistogramSeries {
    return this.sets.get(labels).series;
  }
}

type Metric = CounterMetric | GaugeMetric | HistogramMetric;

export class Metrics {
  readonly #metrics = new Map<MetricName, Metric>();

  constructor(options: { tenantLabels?: boolean } = {}) {
    const withTenant = options.tenantLabels ?? false;
    for (const name of Object.keys(metricDefinitions) as MetricName[]) {
      this.#metrics.set(name, makeMetric(name, withTenant));
    }
  }

  counter(name: CounterName): LabelledCounter {
    const metric = this.#metrics.get(name);
    return metric instanceof CounterMetric ? metric : wrongMetric(name, 'counter');
  }

  gauge(name: GaugeName): LabelledGauge {
    const metric = this.#metrics.get(name);
    return metric instanceof GaugeMetric ? metric : wrongMetric(name, 'gauge');
  }

  histogram(name: HistogramName): LabelledHistogram {
    const metric = this.#metrics.get(name);
    return metric instanceof HistogramMetric ? metric : wrongMetric(name, 'histogram');
  }

  /** Adds to a counter, of one agent where it is given. Throws INTERNAL when the name is no counter. */
  count(name: MetricName, by: number, agent?: string): void {
    const metric = this.#metrics.get(name);
    if (!(metric instanceof CounterMetric)) return wrongMetric(name, 'counter');
    (agent === undefined ? metric : metric.sets.ofAgent(agent)).add(by);
  }

  /** Observes a value in the unit of the metric, of one agent where it is given. Throws INTERNAL when the name is no histogram. */
  observe(name: MetricName, value: number, agent?: string): void {
    const metric = this.#metrics.get(name);
    if (!(metric instanceof HistogramMetric)) return wrongMetric(name, 'histogram');
    (agent === undefined ? metric : metric.sets.ofAgent(agent)).observe(value);
  }

  /** All metrics as data, in the order of the contract. */
  snapshot(): MetricSnapshot[] {
    return [...this.#metrics].map(([name, metric]) => ({
      name,
      ...metricDefinitions[name],
      series: seriesOf(metric),
    }));
  }
}

function makeMetric(name: MetricName, withTenant: boolean): Metric {
  const { kind } = metricDefinitions[name];
  switch (kind) {
    case 'counter':
      return new CounterMetric(withTenant);
    case 'gauge':
      return new GaugeMetric(withTenant);
    case 'histogram':
      return new HistogramMetric(bucketBounds(name), withTenant);
    default:
      return kind satisfies never;
  }
}

function seriesOf(metric: Metric): MetricSnapshot['series'] {
  if (metric instanceof CounterMetric) {
    const labelled = metric.sets
      .all()
      .map(({ labels, series }) => ({ labels, value: series.value }));
    return [{ labels: {}, value: metric.value }, ...labelled];
  }
  if (metric instanceof GaugeMetric) {
    const labelled = metric.sets
      .all()
      .map(({ labels, series }) => ({ labels, value: series.read() }));
    return [{ labels: {}, value: metric.read() }, ...labelled];
  }
  const labelled = metric.sets
    .all()
    .map(({ labels, series }) => ({ labels, histogram: series.data() }));
  return [{ labels: {}, histogram: metric.data() }, ...labelled];
}

function wrongMetric(name: string, kind: Kind): never {
  throw hiveError('INTERNAL', { message: `"${name}" is no ${kind} of the metric definitions` });
}
