/** A synthetic repository of many files, inspected on one thread: an upper bound of what a pool needs. */
import type { SourceFile } from '../../src/analysis/index.ts';
import { buildReport, analysers, toJson, toMarkdown, toSarif } from '../../src/analysis/index.ts';
import { inspectFiles } from './inspect-files.ts';

export type Speed = {
  readonly files: number;
  readonly megabytes: number;
  readonly seconds: number;
  readonly peakRssMb: number;
  readonly findings: number;
  readonly largestResultKb: number;
  readonly msByAnalyser: Readonly<Record<string, number>>;
};

export const measureSpeed = async (count: number): Promise<Speed> => {
  const files = syntheticFiles(count);
  const startMs = performance.now();
  const inspected = await inspectFiles(files, { shardSize: 200 });
  const report = buildReport({ name: 'synthetic', toolVersion: '0', analysers, ...inspected });
  const written = toMarkdown(report).length + toJson(report).length + toSarif(report).length;
  const seconds = (performance.now() - startMs) / 1_000;
  const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  return {
    files: count,
    megabytes: Math.round(bytes / 1_048_576),
    seconds: Math.round(seconds * 100) / 100,
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1_024),
    findings: written > 0 ? inspected.findings.length : 0,
    largestResultKb: Math.round(inspected.largestResult / 1_024),
    msByAnalyser: Object.fromEntries(
      [...inspected.msByAnalyser].map(([name, ms]) => [name, Math.round(ms)]),
    ),
  };
};

/** The mix of a web product: half TypeScript, the rest tests, Python, Go, pages, styles and documents. */
export const syntheticFiles = (count: number): SourceFile[] =>
  Array.from({ length: count }, (_, index) => {
    const [path, text] = MAKERS[index % MAKERS.length]?.(index) ?? ['x.txt', ''];
    return { path, text, bytes: text.length };
  });

type Maker = (index: number) => readonly [string, string];

const times = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join('');

const folder = (index: number): string => `pkg-${index % 40}/part-${index % 7}`;

const typescript: Maker = (index) => [
  `src/${folder(index)}/module-${index}.ts`,
  `import { step0 as other } from '../../pkg-${(index + 10) % 40}/part-${(index + 10) % 7}/module-${index + 10}.ts';\n` +
    times(
      12,
      (n) => `
/** Step ${n}. */
export function step${n}(input: readonly number[], limit = ${n}): number {
  let total = 0;
  for (const value of input) {
    if (value > limit && value % 2 === 0) total += value;
    else if (value < 0) total -= other([value], ${n});
  }
  const label = \`step \${total} of ${n}\`;
  return label.length > 10 ? total : total + ${n};
}
`,
    ),
];
const scriptTest: Maker = (index) => [
  `src/${folder(index - 1)}/module-${index - 1}.test.ts`,
  `import { expect, test } from 'vitest';\nimport { step0, step1 } from './module-${index - 1}.ts';\n` +
    times(
      10,
      (n) =>
        `\ntest('case ${n}', () => {\n  expect(step0([${n}, 2, 3])).toBe(step1([${n}]));\n});\n`,
    ),
];
const python: Maker = (index) => [
  `service/${folder(index).replaceAll('-', '_')}/module_${index}.py`,
  `import os\n\nTOKEN = os.environ["SERVICE_TOKEN"]\n` +
    times(
      20,
      (n) =>
        `\n\ndef step_${n}(values, limit=${n}):\n    """Sums what is above the limit."""\n    return sum(v for v in values if v > limit)\n`,
    ),
];
const go: Maker = (index) => [
  `cmd/${folder(index)}/file_${index}.go`,
  `package part\n` +
    times(
      25,
      (n) =>
        `\n// Step${n} adds.\nfunc Step${n}(values []int) int {\n\ttotal := ${n}\n\tfor _, v := range values {\n\t\ttotal += v\n\t}\n\treturn total\n}\n`,
    ),
];
const page: Maker = (index) => [
  `web/${folder(index)}/page-${index}.html`,
  `<!doctype html>\n<html lang="en">\n<head><title>Page ${index}</title></head>\n<body>\n<h1>Page</h1>\n` +
    times(
      60,
      (n) =>
        `<p class="row"><a href="/item/${n}">Item ${n}</a> <img src="i${n}.png" alt="Item"></p>\n`,
    ) +
    '</body>\n</html>\n',
];
const style: Maker = (index) => [
  `web/${folder(index)}/style-${index}.css`,
  times(80, (n) => `.box-${n} {\n  color: #222;\n  background: #fff;\n  margin: ${n}px;\n}\n`),
];
const document: Maker = (index) => [
  `docs/${folder(index)}/page-${index}.md`,
  `# Page ${index}\n\n` +
    times(
      30,
      (n) =>
        `## Part ${n}\n\nText with [a link](#part-${n}) and [the root](../../../README.md).\n\n`,
    ),
];

const MAKERS: readonly Maker[] = [
  typescript,
  scriptTest,
  typescript,
  python,
  typescript,
  go,
  typescript,
  document,
  typescript,
  (index) => (index % 20 < 10 ? page(index) : style(index)),
];
