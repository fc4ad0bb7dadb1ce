// Fixed buckets by unit, and quantiles estimated from them. Fixed, so that hosts can be added up and every exporter agrees.

import { metricDefinitions } from '../contract/index.ts';
import type { MetricName } from '../contract/index.ts';

/** Seconds from 50 microseconds (an in-memory step) to one hour (a long agent), about three per decade: a quantile is off by at most half its bucket. */
const secondBounds = [
  0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
  10, 30, 60, 300, 900, 3_600,
];
/** Counts: units of one flush. */
const countBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/** Upper bounds, inclusive; one more bucket without a bound follows. */
export function bucketBounds(name: MetricName): readonly number[] {
  return metricDefinitions[name].unit === 's' ? secondBounds : countBounds;
}

export interface Distribution {
  bounds: readonly number[];
  /** One count per bound, and the last one above all bounds. */
  counts: ArrayLike<number>;
  count: number;
  min: number;
  max: number;
}

/** The value below which a share q (0 to 1) of the observations lies, by linear interpolation in its bucket; null without observations. */
export function quantile(distribution: Distribution, q: number): number | null {
  const { bounds, counts, count, min, max } = distribution;
  if (count === 0) return null;
  const rank = q * count;
  let below = 0;
  for (let i = 0; i <= bounds.length; i++) {
    const inBucket = counts[i] ?? 0;
    if (inBucket > 0 && below + inBucket >= rank) {
      const low = Math.max(min, i === 0 ? 0 : (bounds[i - 1] ?? 0));
      const high = Math.min(max, bounds[i] ?? max);
      return low + (high - low) * Math.max(0, (rank - below) / inBucket);
    }
    below += inBucket;
  }
  return max;
}
