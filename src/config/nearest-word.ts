// The nearest known word for a mistyped one: optimal string alignment distance (edits and swaps of neighbours), small inputs only.

const MAX_LENGTH = 64; // longer words are no typing errors of ours

/** The known word within a third of its length in edits, or undefined. Ties go to the first. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  const row = (length: number): number[] => Array.from({ length: length + 1 }, (_, i) => i);
  let beforeLast = row(b.length);
  let last = row(b.length);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const at = (list: readonly number[], index: number): number => list[index] ?? 0;
      let cost = Math.min(
        at(last, j) + 1,
        at(current, j - 1) + 1,
        at(last, j - 1) + (isSame ? 0 : 1),
      );
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      current[j] = cost;
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
