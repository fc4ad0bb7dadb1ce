// The promise of the first page: kill the process at any moment, start it again, and the same run finishes; nothing settled runs again.

import { DatabaseSync } from 'node:sqlite';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startCommand, temporaryFolder } from './hive-process.ts';
import { writeSampleRepository } from './sample-repository.ts';

interface SettledRow {
  id: string;
  fence: number;
  ended_ms: number;
}

function settled(data: string): SettledRow[] {
  const db = new DatabaseSync(join(data, 'hive.db'), { readOnly: true });
  try {
    return db
      .prepare('select hex(id) as id, fence, ended_ms from tasks where state >= 6')
      .all() as unknown as SettledRow[];
  } finally {
    db.close();
  }
}

/** Resolves once at least `count` tasks are settled, seen from outside. */
async function untilSettled(data: string, count: number): Promise<void> {
  for (;;) {
    if (settled(data).length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test(
  'an inspection killed with -9 half way is resumed and finishes; what was settled is not run again',
  { timeout: 90_000 },
  async () => {
    using repository = temporaryFolder('repository');
    using data = temporaryFolder('data');
    writeSampleRepository(repository.path);
    const words = ['main', repository.path, '--data', data.path, '--port', '0', '--threads', '1'];

    const first = startCommand(words);
    const [, run = ''] = await first.match(/^run (run_\w+) started$/m);
    await untilSettled(data.path, 5);
    await first.kill('SIGKILL');
    expect(first.stdout()).not.toContain('completed');
    const before = settled(data.path);

    const second = startCommand(words);
    await second.match(new RegExp(`^run ${run} resumed$`, 'm'));
    const [, url = ''] = await second.match(
      /^Hivewright is ready at (http:\/\/127\.0\.0\.1:\d+)$/m,
    );
    await second.match(new RegExp(`^run ${run} completed$`, 'm'));
    const [, report = ''] = await second.match(/^report (.+)$/m);
    expect(statSync(report).size).toBeGreaterThan(100);
    expect(readFileSync(report, 'utf8')).toContain('docs/missing.md');

    const after = new Map(settled(data.path).map((row) => [row.id, row]));
    for (const row of before) expect(after.get(row.id)).toEqual(row);
    expect(after.size).toBeGreaterThan(before.length);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const page = await (await fetch(url)).text();
    expect(page).toContain(run);

    const began = performance.now();
    expect(await second.kill('SIGINT')).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
  },
);

test('a busy port is a clear error and the data directory is free again', async () => {
  using data = temporaryFolder('data');
  using other = temporaryFolder('data');
  const holder = startCommand(['start', '--data', data.path, '--port', '0']);
  const [, port = ''] = await holder.match(/ready at http:\/\/127\.0\.0\.1:(\d+)/);
  const refused = startCommand(['start', '--data', other.path, '--port', port]);
  expect(await refused.exited).toBe(1);
  expect(refused.stderr()).toContain('PORT_IN_USE');
  expect(refused.stderr()).toContain(port);
  const locked = startCommand(['start', '--data', data.path, '--port', '0']);
  expect(await locked.exited).not.toBe(0);
  expect(locked.stderr()).toContain('LOCK_HELD');
  await holder.kill('SIGTERM');
});

test('the inspection of the working directory reads no configuration from it', async () => {
  using repository = temporaryFolder('repository');
  using home = temporaryFolder('home');
  writeSampleRepository(repository.path, 3);
  const { writeFileSync, existsSync } = await import('node:fs');
  writeFileSync(
    join(repository.path, 'hive.config.yaml'),
    'hive:\n  data: ./planted\nlogs:\n  level: NONSENSE\n',
  );
  const command = startCommand(['inspect', '.', '--json'], {
    cwd: repository.path,
    env: { HOME: home.path },
  });
  expect(await command.exited, command.stderr()).toBe(0);
  expect(existsSync(join(repository.path, 'planted'))).toBe(false);
  expect(existsSync(join(repository.path, '.hive'))).toBe(false);
  expect(JSON.parse(command.stdout())).toMatchObject({ schemaVersion: 1 });
});
