import { describe, expect, test } from 'vitest';
import { fixtureCases } from './cases/all.ts';
import { SKELETON } from './fixture-case.ts';
import { inspectFiles } from './inspect-files.ts';
import { filesOf, measureQuality } from './measure-quality.ts';

describe('the fixture', () => {
  test('has at least 100 planted defects and 100 look-alikes, spread over all analysers', async () => {
    const { rows, total } = await measureQuality();
    expect(rows).toHaveLength(9);
    for (const row of rows) {
      expect(row.planted).toBeGreaterThanOrEqual(12);
      expect(row.clean).toBeGreaterThanOrEqual(12);
    }
    expect(total.planted).toBeGreaterThanOrEqual(100);
    expect(total.clean).toBeGreaterThanOrEqual(100);
  });

  test('has unique names and a skeleton with nothing to find', async () => {
    const names = fixtureCases.map(
      ({ area, name, expected }) => `${area} ${name} ${expected?.rule ?? ''}`,
    );
    expect(new Set(names).size).toBe(names.length);
    const bare = filesOf({ area: '', name: '', files: SKELETON });
    expect((await inspectFiles(bare, { shardSize: 200 })).findings).toEqual([]);
  });
});

test('recall is at least 95 %, false alarms are at most 5 %', async () => {
  const { recall, falseAlarmRate, misses, alarms } = await measureQuality();
  expect(recall, misses.join('\n')).toBeGreaterThanOrEqual(0.95);
  expect(falseAlarmRate, alarms.join('\n')).toBeLessThanOrEqual(0.05);
});

test('the size and order of shards do not change what is found', async () => {
  const files = fixtureCases.flatMap((each, index) =>
    filesOf(each).map((file) => ({ ...file, path: `case-${index}/${file.path}` })),
  );
  const keys = async (shardSize: number, list: typeof files): Promise<string[]> =>
    (await inspectFiles(list, { shardSize })).findings
      .map(({ fingerprint, line }) => `${fingerprint} ${line}`)
      .sort();
  const one = await keys(7, files);
  expect(one.length).toBeGreaterThan(100);
  expect(await keys(31, files.toReversed())).toEqual(one);
});
