// Numbers and lists as people say them, for the sentences of waiting-reason.ts.

/** 800 ms, 12 s, 3 min 5 s, 2 h 10 min, 3 d 4 h. Negative counts as 0. */
export function durationWords(durationMs: number): string {
  const ms = Math.max(0, Math.round(durationMs));
  if (ms < 1_000) return `${ms} ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(`${minutes} min`, seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return two(`${hours} h`, minutes % 60, 'min');
  return two(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
}

function two(big: string, small: number, unit: string): string {
  return small === 0 ? big : `${big} ${small} ${unit}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** "a" (running), "b" (ready) */
export function quotedList(items: readonly { name: string; note?: string }[]): string {
  return items
    .map(({ name, note }) => (note === undefined ? `"${name}"` : `"${name}" (${note})`))
    .join(', ');
}
