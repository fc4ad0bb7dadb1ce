/** Lines with a cap, so that every regular expression runs on a bounded string. */

/** No line that a person wrote is longer; beyond it is data, and quadratic patterns would hurt. */
export const MAX_LINE_CHARS = 4_000;

/** Splits into lines without their ends; each is cut at 4,000 characters. */
export const linesOf = (text: string): string[] =>
  text.split('\n').map((line) => {
    const end = line.endsWith('\r') ? line.length - 1 : line.length;
    return end > MAX_LINE_CHARS ? line.slice(0, MAX_LINE_CHARS) : line.slice(0, end);
  });

/** Turns offsets (UTF-16) into 1-based lines in logarithmic time. */
export const lineFinder = (text: string): ((offset: number) => number) => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
};
