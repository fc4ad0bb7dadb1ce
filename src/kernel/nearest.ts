/** The word somebody probably meant. */

/** At most this many letters differ, and at most a third of the word. */
const MAX_DISTANCE = 3;

export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.min(MAX_DISTANCE, Math.max(1, Math.floor(word.length / 3)));
  let best: { word: string; distance: number } | undefined;
  for (const each of known) {
    const distance = editDistance(word, each);
    if (distance <= limit && (best === undefined || distance < best.distance)) {
      best = { word: each, distance };
    }
  }
  return best?.word;
}

/** Optimal string alignment: insert, delete, replace, swap neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const change = (above[j - 1] ?? 0) + cost;
      let value = Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) value = Math.min(value, (before[j - 2] ?? 0) + 1);
      row.push(value);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}
