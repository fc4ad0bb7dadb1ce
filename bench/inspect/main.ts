/** `npm run bench -- inspect`: the quality table of the fixture, then the speed of 5,000 files. */
import type { Quality } from './measure-quality.ts';
import { measureQuality } from './measure-quality.ts';
import type { Speed } from './measure-speed.ts';
import { measureSpeed } from './measure-speed.ts';

const FILES = 5_000;

export const runInspectBench = async (options: { json: boolean }): Promise<void> => {
  const quality = await measureQuality();
  const speed = await measureSpeed(FILES);
  if (options.json) console.log(JSON.stringify({ quality, speed }, undefined, 2));
  else for (const line of [...qualityTable(quality), '', ...speedLines(speed)]) console.log(line);
};

const qualityTable = ({
  rows,
  total,
  recall,
  falseAlarmRate,
  extras,
  misses,
  alarms,
}: Quality): string[] => [
  'analyser        planted  found  clean  false alarms',
  ...[...rows, total].map(
    ({ analyser, planted, found, clean, falseAlarms }) =>
      `${analyser.padEnd(15)} ${String(planted).padStart(7)} ${String(found).padStart(6)} ${String(clean).padStart(6)} ${String(falseAlarms).padStart(13)}`,
  ),
  `recall ${(recall * 100).toFixed(1)} %, false alarms ${(falseAlarmRate * 100).toFixed(1)} %, ${extras.length} other findings in planted cases`,
  ...misses.map((each) => `missed       ${each}`),
  ...alarms.map((each) => `false alarm  ${each}`),
  ...extras.map((each) => `other        ${each}`),
];

const speedLines = (speed: Speed): string[] => [
  `${speed.files} files, ${speed.megabytes} MB, one thread: ${speed.seconds} s, peak ${speed.peakRssMb} MB, ` +
    `${speed.findings} findings, largest shard result ${speed.largestResultKb} KB`,
  Object.entries(speed.msByAnalyser)
    .map(([name, ms]) => `${name} ${ms} ms`)
    .join(', '),
];
