// Durations for people, one way everywhere (web, command line, documents): 4 s, 1m 04s, 2h 05m, 3d 04h.

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Milliseconds -> text of at most two units. Below ten seconds with one decimal, below one second in ms; negative counts as 0. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / SECOND_MS).toFixed(1)} s`;
  return formatSeconds(Math.round(ms / SECOND_MS));
}

/** Milliseconds until something happens -> whole seconds, rounded up: "in 0 s" is never said of the future. */
export function formatWait(waitMs: number): string {
  return formatSeconds(Math.ceil(Math.max(0, waitMs) / SECOND_MS));
}

function formatSeconds(seconds: number): string {
  const ms = seconds * SECOND_MS;
  if (ms < MINUTE_MS) return `${seconds} s`;
  if (ms < HOUR_MS) return two(ms, { large: MINUTE_MS, small: SECOND_MS, letters: 'ms' });
  if (ms < DAY_MS) return two(ms, { large: HOUR_MS, small: MINUTE_MS, letters: 'hm' });
  return two(ms, { large: DAY_MS, small: HOUR_MS, letters: 'dh' });
}

function two(ms: number, units: { large: number; small: number; letters: string }): string {
  const large = Math.floor(ms / units.large);
  const small = Math.floor((ms % units.large) / units.small);
  return `${large}${units.letters.charAt(0)} ${String(small).padStart(2, '0')}${units.letters.charAt(1)}`;
}
