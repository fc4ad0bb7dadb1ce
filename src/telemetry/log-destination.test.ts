import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock } from '../kernel/index.ts';
import { fileDestination } from './file-destination.ts';
import { descriptorDestination } from './log-destination.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'hive-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('lines reach the file in order, one file a day, private, and old ones go (S1-141)', () => {
  const clock = manualClock(Date.UTC(2026, 4, 10, 23, 59));
  const logs = path.join(folder, 'logs');
  mkdirSync(logs);
  for (const name of [
    'hive-2026-04-09.log',
    'hive-2026-04-10.log',
    'hive-2020-01-01.txt',
    'notes',
  ]) {
    writeFileSync(path.join(logs, name), '');
  }
  const destination = fileDestination({ folder: logs, retentionDays: 30, clock });
  destination.write('1\n');
  destination.write('2\n');
  destination.flushSync();
  clock.advance(120_000);
  destination.write('3\n');
  destination.flushSync();
  destination.close();
  destination.write('late\n');
  destination.flushSync();
  const read = (day: string): string => readFileSync(path.join(logs, `hive-${day}.log`), 'utf8');
  expect(read('2026-05-10')).toBe('1\n2\n');
  expect(read('2026-05-11')).toBe('3\n');
  expect(statSync(path.join(logs, 'hive-2026-05-10.log')).mode & 0o777).toBe(0o600);
  expect(readdirSync(logs).toSorted()).toEqual([
    'hive-2020-01-01.txt',
    'hive-2026-05-10.log',
    'hive-2026-05-11.log',
    'notes',
  ]);
});

test('what cannot be written is counted and told when writing works again', () => {
  const file = path.join(folder, 'log');
  const good = openSync(file, 'a');
  let target = 1_000_000; // no such descriptor
  const destination = descriptorDestination({
    descriptor: () => target,
    close: () => closeSync(good),
  });
  destination.write('1\n');
  destination.flushSync();
  destination.write('2\n');
  destination.write('3\n');
  destination.flushSync();
  target = good;
  destination.write('4\n');
  destination.flushSync();
  destination.close();
  const [loss = '', last] = readFileSync(file, 'utf8').split('\n');
  expect(JSON.parse(loss)).toMatchObject({
    level: 'WARNING',
    run: '-',
    message: '3 log lines could not be written',
  });
  expect(last).toBe('4');
});

test('a folder that cannot be used costs lines, not the caller', () => {
  const blocked = path.join(folder, 'file');
  writeFileSync(blocked, '');
  const destination = fileDestination({
    folder: path.join(blocked, 'logs'),
    retentionDays: 1,
    clock: manualClock(),
  });
  destination.write('1\n');
  destination.flushSync();
  destination.close();
});

test('the last lines are written when the process exits, throws or is full of them', () => {
  const room = path.join(import.meta.dirname, 'index.ts');
  const kernel = path.join(import.meta.dirname, '../kernel/index.ts');
  const program = (end: string): string => `
    import { createTelemetry } from ${JSON.stringify(room)};
    import { stderrDestination } from ${JSON.stringify(new URL('./log-destination.ts', import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(kernel)};
    const { logger } = createTelemetry({ clock: systemClock, level: 'INFO', hiveId: 'h', destination: stderrDestination() });
    for (let i = 0; i < 5000; i++) logger.info('line ' + i);
    ${end}`;
  for (const end of ['process.exit(3);', 'throw new Error("end");', 'process.exitCode = 3;']) {
    const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval'];
    const { stderr } = spawnSync(process.execPath, [...flags, program(end)], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    const lines = stderr.split('\n').filter((line) => line.startsWith('{"level"'));
    expect(lines, end).toHaveLength(5_000);
    expect(lines.at(-1), end).toContain('line 4999');
  }
});
