import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metricDefinitions } from '../contract/index.ts';
import { manualClock, seededRandom } from '../kernel/index.ts';
import { bucketBounds } from './histogram-buckets.ts';
import { MAX_LABEL_SETS } from './label-sets.ts';
import { Metrics } from './metrics.ts';
import { Histogram } from './series.ts';
import { SlotUsage } from './slot-usage.ts';
import { testTelemetry } from './testing.ts';

/** The core records by requirement; the value is the metric that is it. */
const coreRecords: Readonly<Record<string, string>> = {
  'S0-229': 'tasks_completed',
  'S0-230': 'task_duration',
  'S0-231': 'success_rate',
  'S0-232': 'memory_usage',
  'S0-233': 'cpu_usage',
  'S0-234': 'active_agents',
  'S0-235': 'pending_tasks',
  'S0-236': 'hive_efficiency',
  'S0-237': 'api_latency',
  'S0-238': 'websocket_connections',
  'S1-129': 'agent_execution_time',
  'S1-130': 'tasks_failed',
  'S1-131': 'token_usage',
  'S1-132': 'agent_messages',
  'S1-133': 'queue_depth',
  'S1-134': 'delivery_latency',
  'S1-135': 'active_agents',
  'S1-136': 'concurrent_runs',
  'S1-137': 'db_query_time',
};
const kinds: Readonly<Record<string, string>> = {
  tasks_completed: 'counter',
  task_duration: 'histogram',
  success_rate: 'gauge',
  memory_usage: 'gauge',
  cpu_usage: 'gauge',
  active_agents: 'gauge',
  pending_tasks: 'gauge',
  hive_efficiency: 'gauge',
  api_latency: 'histogram',
  websocket_connections: 'gauge', // as S0 8.1 names them
};

describe('the door', () => {
  test('every core record is registered by name from the first moment', () => {
    const snapshot = new Metrics().snapshot();
    expect(snapshot.map(({ name }) => name)).toEqual(Object.keys(metricDefinitions));
    for (const [requirement, name] of Object.entries(coreRecords)) {
      const metric = snapshot.find((each) => each.name === name);
      expect(metric?.help, `${requirement} ${name}`).toContain(requirement);
      expect(metric?.series[0]?.labels, name).toEqual({});
      if (name in kinds) expect(metric?.kind, name).toBe(kinds[name]);
    }
  });

  test('is closed: unknown names, wrong kinds and unknown labels are refused', () => {
    const metrics = new Metrics();
    // @ts-expect-error -- the type already refuses what the test is about
    expect(() => metrics.counter('my_own')).toThrow('my_own');
    // @ts-expect-error -- the type already refuses what the test is about
    expect(() => metrics.counter('task_duration')).toThrow('task_duration');
    // @ts-expect-error -- the type already refuses what the test is about
    expect(() => metrics.counter('tasks_completed').with({ task: 'tsk_1' })).toThrow('task');
  });

  test('labels are bounded; what is over counts as other', () => {
    const metrics = new Metrics();
    const counter = metrics.counter('tasks_completed');
    for (let i = 0; i < MAX_LABEL_SETS + 500; i++) counter.with({ agent: `a${i}` }).add(1);
    const series = metrics.snapshot().find(({ name }) => name === 'tasks_completed')?.series ?? [];
    expect(series.length).toBe(1 + MAX_LABEL_SETS + 1);
    expect(series.at(-1)).toEqual({ labels: { agent: 'other' }, value: 500 });
    expect(counter.with({ agent: 'a1' })).toBe(counter.with({ agent: 'a1' }));
  });

  test('the tenant is no label unless the hive was told so', () => {
    const closed = new Metrics();
    closed.counter('tasks_completed').with({ tenant: '7', agent: 'a' }).add(1);
    expect(JSON.stringify(closed.snapshot())).not.toContain('tenant');
    const open = new Metrics({ tenantLabels: true });
    open.counter('tasks_completed').with({ tenant: '7' }).add(1);
    expect(JSON.stringify(open.snapshot())).toContain('"tenant":"7"');
  });
});

describe('series', () => {
  test('counters only rise, gauges know no data, histograms refuse nonsense', () => {
    const metrics = new Metrics();
    const counter = metrics.counter('tasks_failed');
    for (const amount of [2, -5, Number.NaN, 1]) counter.add(amount);
    metrics.gauge('queue_depth').set(5);
    metrics.gauge('queue_depth').add(-2);
    metrics.gauge('active_agents').set(Number.NaN);
    const histogram = metrics.histogram('db_query_time');
    for (const value of [0.001, -1, Number.NaN, Number.POSITIVE_INFINITY, 9_999])
      histogram.observe(value);
    const value = (name: string) =>
      metrics.snapshot().find((each) => each.name === name)?.series[0];
    expect(value('tasks_failed')?.value).toBe(3);
    expect(value('queue_depth')?.value).toBe(3);
    expect(value('active_agents')?.value).toBeNull();
    expect(value('db_query_time')?.histogram).toMatchObject({ count: 2, min: 0.001, max: 9_999 });
    expect(value('api_latency')?.histogram).toMatchObject({ count: 0, min: null, p50: null });
  });

  test('a quantile lies in the bucket of the exact one, and inside what was seen', () => {
    const random = seededRandom(1);
    const bounds = bucketBounds('task_duration');
    const histogram = new Histogram(bounds);
    const values = Array.from({ length: 10_000 }, () => 0.001 * (1 / (1 - random()) - 1));
    for (const value of values) histogram.observe(value);
    const sorted = values.toSorted((a, b) => a - b);
    const { p50, p95, p99, sum, buckets } = histogram.data();
    for (const [q, estimate] of [
      [0.5, p50],
      [0.95, p95],
      [0.99, p99],
    ] as const) {
      const exact = sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
      const bucket = bounds.findIndex((bound) => exact <= bound);
      expect(estimate).toBeGreaterThanOrEqual(bounds[bucket - 1] ?? 0);
      expect(estimate).toBeLessThanOrEqual(bounds[bucket] ?? Number.POSITIVE_INFINITY);
    }
    expect(sum).toBeCloseTo(
      values.reduce((a, b) => a + b, 0),
      6,
    );
    expect(buckets.reduce((total, { count }) => total + count, 0)).toBe(10_000);
  });

  test('quantiles rise with q and stay between least and greatest (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (values) => {
          const histogram = new Histogram(bucketBounds('store_flush_units'));
          for (const value of values) histogram.observe(value);
          const { min, p50, p95, p99, max } = histogram.data();
          const row = [min, p50, p95, p99, max].map((each) => each ?? Number.NaN);
          expect(row).toEqual(row.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('hive_efficiency', () => {
  test('is busy over available slot-seconds of the last 60 s (S0-236)', () => {
    const clock = manualClock();
    const slots = new SlotUsage(clock);
    expect(slots.efficiency()).toBeNull();
    slots.slotsAvailable(4);
    slots.slotBusy(2);
    clock.advance(30_000);
    expect(slots.efficiency()).toBeCloseTo(0.5, 6);
    slots.slotFree(1);
    clock.advance(30_000);
    expect(slots.efficiency()).toBeCloseTo(0.375, 1);
    clock.advance(60_000);
    expect(slots.efficiency()).toBeCloseTo(0.25, 6);
    slots.slotFree(1);
    clock.advance(3_600_000);
    expect(slots.efficiency()).toBe(0);
    slots.slotsAvailable(0);
    clock.advance(61_000);
    expect(slots.efficiency()).toBeNull();
  });

  test('agrees with an exact sum for any sequence of changes (property)', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 9_000 }),
      busy: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const clock = manualClock();
        const slots = new SlotUsage(clock);
        slots.slotsAvailable(4);
        let busyMs = 0;
        let totalMs = 0;
        for (const { waitMs, busy } of steps) {
          slots.slotBusy(busy);
          clock.advance(waitMs);
          slots.slotFree(busy);
          busyMs += busy * waitMs;
          totalMs += 4 * waitMs;
        }
        const efficiency = slots.efficiency();
        if (totalMs === 0) expect(efficiency).toBeNull();
        else expect(efficiency).toBeCloseTo(busyMs / totalMs, 9);
      }),
      { numRuns: 200 },
    );
  });
});

test('success_rate is the share of good ends in the last 60 s (S0-231)', () => {
  const clock = manualClock();
  const telemetry = testTelemetry(clock);
  const rate = () =>
    telemetry.snapshot().metrics.find(({ name }) => name === 'success_rate')?.series[0]?.value;
  expect(rate()).toBeNull();
  for (const isOk of [true, true, true, false]) telemetry.ended(isOk);
  expect(rate()).toBe(0.75);
  clock.advance(30_000);
  telemetry.ended(false);
  expect(rate()).toBe(0.6);
  clock.advance(31_000);
  expect(rate()).toBe(0);
  clock.advance(61_000);
  expect(rate()).toBeNull();
  telemetry.close();
});

test('count and observe reach the series of the agent, and refuse the wrong kind', () => {
  const metrics = new Metrics();
  metrics.count('tasks_completed', 2, 'coder');
  metrics.count('tasks_completed', 1);
  metrics.observe('agent_execution_time', 0.2, 'coder');
  for (let i = 0; i < MAX_LABEL_SETS + 10; i++) metrics.count('tasks_failed', 1, `a${i}`);
  const series = (name: string) =>
    metrics.snapshot().find((each) => each.name === name)?.series ?? [];
  expect(series('tasks_completed')).toEqual([
    { labels: {}, value: 1 },
    { labels: { agent: 'coder' }, value: 2 },
  ]);
  expect(series('agent_execution_time')[1]).toMatchObject({
    labels: { agent: 'coder' },
    histogram: { count: 1 },
  });
  expect(series('tasks_failed').at(-1)).toEqual({ labels: { agent: 'other' }, value: 10 });
  expect(() => metrics.count('queue_depth', 1)).toThrow('no counter');
  expect(() => metrics.observe('tasks_failed', 1)).toThrow('no histogram');
});

test('memory and CPU of the process are sampled by the snapshot (S0-232, S0-233)', () => {
  const clock = manualClock();
  const telemetry = testTelemetry(clock);
  const value = (name: string) =>
    telemetry.snapshot().metrics.find((each) => each.name === name)?.series[0]?.value;
  expect(value('memory_usage')).toBeGreaterThan(10_000_000);
  expect(value('cpu_usage')).toBeNull();
  let sum = 0;
  for (let i = 0; i < 1e7; i++) sum += Math.sqrt(i);
  expect(sum).toBeGreaterThan(0);
  clock.advance(1_000);
  expect(value('cpu_usage')).toBeGreaterThan(0);
  telemetry.close();
});
