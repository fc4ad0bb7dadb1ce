// Durations as people write them in workflow files.

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PART = /(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)/g;
const WHOLE = /^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d))+$/;

/** '30s', '5m', '2h', '3d', '1h30m' -> whole milliseconds of at least 1. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const dense = text.slice(0, 100).replaceAll(' ', '');
  if (!WHOLE.test(dense)) return undefined;
  let total = 0;
  for (const [, count = '', unit = ''] of dense.matchAll(PART))
    total += Number(count) * (UNITS[unit] ?? 0);
  const ms = Math.round(total);
  return ms >= 1 ? ms : undefined;
}
