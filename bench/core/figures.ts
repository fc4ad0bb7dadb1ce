// Percentiles, medians, CPU and memory of this process.

export interface Quantiles {
  p50: number;
  p95: number;
  p99: number;
}

export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

export const perSecond = (count: number, ms: number): number => Math.round((count / ms) * 1_000);

/** CPU seconds of this process since the call. */
export function cpuMeter(): () => number {
  const before = process.cpuUsage();
  return () => {
    const used = process.cpuUsage(before);
    return round((used.user + used.system) / 1e6);
  };
}

export const rssMb = (): number => Math.round(process.memoryUsage().rss / 1_048_576);
export const peakRssMb = (): number => Math.round(process.resourceUsage().maxRSS / 1_024);
