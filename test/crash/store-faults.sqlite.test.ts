// Troubles of the disk and the directory: each has its own error code with advice, and what was acknowledged is there afterwards.

import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isHiveError } from '../../src/contract/index.ts';
import type { NewTask, Store } from '../../src/contract/index.ts';
import { idSource, systemClock } from '../../src/kernel/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';

const ids = idSource(systemClock);
const isRoot = process.getuid?.() === 0;

const system = (program: string, args: readonly string[]): unknown =>
  execFileSync(program, args, { stdio: 'ignore' });

interface Folder extends AsyncDisposable {
  path: string;
}

async function folder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'hive-faults-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A small disk of its own where that is possible (root with mounts); null elsewhere. */
async function smallDisk(megabytes: number): Promise<Folder | null> {
  const made = await folder();
  try {
    if (!isRoot) throw new Error('not root');
    system('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'hive-test', made.path]);
  } catch {
    await made[Symbol.asyncDispose]();
    return null;
  }
  return {
    path: made.path,
    [Symbol.asyncDispose]: async () => {
      system('umount', ['-l', made.path]);
      await made[Symbol.asyncDispose]();
    },
  };
}

const open = (
  directory: string,
  over: { maxPages?: number; minFreeBytes?: number } = {},
): Promise<Store> => openSqliteStore({ directory, clock: systemClock, minFreeBytes: 0, ...over });

async function withStore<T>(
  directory: string,
  use: (store: Store, route: number) => Promise<T>,
  over: { maxPages?: number } = {},
): Promise<T> {
  const store = await open(directory, over);
  try {
    const [route] = await store.routes([['work']]);
    return await use(store, route ?? 0);
  } finally {
    await store.close();
  }
}

const task = (route: number, bytes = 10): NewTask => ({
  id: ids.make('task'),
  tenant: 1,
  project: 1,
  name: 'work',
  type: 'test',
  priority: 0,
  route,
  input: JSON.stringify('x'.repeat(bytes)),
  state: 'ready',
  reason: 'none',
  timeoutMs: 1_000,
  retry: 'none',
  createdMs: 1,
});

const count = async (store: Store): Promise<number> =>
  (
    await store.read<{ n: number }>('system', {
      sql: 'select count(*) as n from tasks',
      parameters: [],
    })
  )[0]?.n ?? -1;

/** Enqueues until the store refuses; returns how many were acknowledged and the refusal. */
async function fillUp(
  store: Store,
  route: number,
): Promise<{ acknowledged: number; error: unknown }> {
  let acknowledged = 0;
  for (let round = 0; round < 20_000; round++) {
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => store.core.enqueue([{ tasks: [task(route, 20_000)] }])),
    );
    for (const result of results) {
      if (result.status === 'rejected')
        return { acknowledged: acknowledged + countOk(results), error: result.reason };
      if (result.value[0]?.status !== 'ok')
        return { acknowledged: acknowledged + countOk(results), error: result.value[0] };
    }
    acknowledged += 4;
  }
  throw new Error('the disk was never full');
}

const countOk = (results: readonly PromiseSettledResult<readonly { status: string }[]>[]): number =>
  results.filter((result) => result.status === 'fulfilled' && result.value[0]?.status === 'ok')
    .length;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    if (!isHiveError(error)) throw error;
    expect(error.advice.length).toBeGreaterThan(20);
    return error.code;
  }
}

describe('disk full', () => {
  test('a page limit: STORE_FULL, reads go on, nothing acknowledged is lost, and it works again with more room', async () => {
    await using dir = await folder();
    const acknowledged = await withStore(
      dir.path,
      async (store, route) => {
        const full = await fillUp(store, route);
        expect(full.error).toMatchObject({ code: 'STORE_FULL', kind: 'pause' });
        expect(full.acknowledged).toBeGreaterThan(10);
        expect(await count(store)).toBe(full.acknowledged);
        expect(await codeOf(store.core.enqueue([{ tasks: [task(route, 500_000)] }]))).toBe(
          'STORE_FULL',
        );
        return full.acknowledged;
      },
      { maxPages: 600 },
    );
    await withStore(dir.path, async (store, route) => {
      expect(await count(store)).toBe(acknowledged);
      expect((await store.core.enqueue([{ tasks: [task(route)] }]))[0]?.status).toBe('ok');
    });
  });

  test('a full disk: its own code, nothing acknowledged is lost, and room brings it back without a restart', async (context) => {
    await using disk = await smallDisk(8);
    if (disk === null)
      return context.skip(
        'no file system can be mounted here; the page limit test meets the same refusal',
      );
    const ballast = join(disk.path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(1024 * 1024));
    const acknowledged = await withStore(join(disk.path, 'data'), async (store, route) => {
      const full = await fillUp(store, route);
      expect(['STORE_FULL', 'STORE_UNAVAILABLE']).toContain((full.error as { code?: string }).code);
      expect(await count(store)).toBe(full.acknowledged);
      await rm(ballast);
      const [verdict] = await store.core.enqueue([{ tasks: [task(route)] }]);
      expect(verdict?.status).toBe('ok');
      return full.acknowledged + 1;
    });
    await withStore(join(disk.path, 'data'), async (store) =>
      expect(await count(store)).toBe(acknowledged),
    );
  });

  test('below the watermark: enqueue answers STORAGE_LOW, results are still accepted', async () => {
    await using dir = await folder();
    const claimed = await withStore(dir.path, async (store, route) => {
      await store.core.enqueue([{ tasks: [task(route)] }]);
      return route;
    });
    const store = await open(dir.path, { minFreeBytes: Number.MAX_SAFE_INTEGER });
    try {
      expect((await store.health()).accepting).toBe(false);
      expect(await codeOf(store.core.enqueue([{ tasks: [task(claimed)] }]))).toBe('STORAGE_LOW');
      const host = await store.registerHost({ id: 'h', boot: 'b', startedMs: 1 });
      const [got] = await store.core.claim({
        host,
        nowMs: 1,
        untilMs: 9,
        groups: [{ routes: [claimed], slots: 1, agent: 'a', assignment: 'x' }],
      });
      if (got === undefined) throw new Error('nothing claimed');
      const [verdict] = await store.core.settle([
        {
          flushLane: 0,
          events: [],
          change: {
            key: got.key,
            id: got.id,
            guard: { fence: got.fence },
            to: 'succeeded',
            reason: 'none',
            endedMs: 2,
          },
        },
      ]);
      expect(verdict?.status).toBe('ok');
    } finally {
      await store.close();
    }
  });
});

describe('a directory that cannot be written', () => {
  test('a place where nobody may write: STORE_READ_ONLY, and nothing was made', async () => {
    const directory = '/sys/hivewright-test';
    expect(await codeOf(open(directory))).toBe('STORE_READ_ONLY');
    expect(existsSync(directory)).toBe(false);
  });

  test('an existing store that became read-only: STORE_READ_ONLY, and its data is untouched', async (context) => {
    await using dir = (await smallDisk(16)) ?? (await folder());
    const data = join(dir.path, 'data');
    await withStore(data, (store, route) => store.core.enqueue([{ tasks: [task(route)] }]));
    const isMount = statSync(dir.path).dev !== statSync(tmpdir()).dev;
    if (isRoot && !isMount)
      return context.skip('root may write anywhere, and no file system can be mounted here');
    if (isMount) system('mount', ['-o', 'remount,ro', dir.path]);
    else
      for (const path of [...readdirSync(data).map((name) => join(data, name)), data])
        chmodSync(path, 0o500);
    expect(await codeOf(open(data))).toBe('STORE_READ_ONLY');
    if (isMount) system('mount', ['-o', 'remount,rw', dir.path]);
    else
      for (const path of [data, ...readdirSync(data).map((name) => join(data, name))])
        chmodSync(path, 0o700);
    await withStore(data, async (store) => expect(await count(store)).toBe(1));
  });

  test('a file where the directory should be: STORE_READ_ONLY', async () => {
    await using dir = await folder();
    writeFileSync(join(dir.path, 'file'), 'mine');
    expect(await codeOf(open(join(dir.path, 'file')))).toBe('STORE_READ_ONLY');
    expect(readFileSync(join(dir.path, 'file'), 'utf8')).toBe('mine');
  });
});

/** Brings everything into the main file. */
function checkpoint(file: string): void {
  const db = new DatabaseSync(file);
  db.exec('pragma wal_checkpoint(truncate)');
  db.close();
}

describe('a damaged file', () => {
  test('no database at all: STORE_CORRUPT, the file is kept to the byte, and the directory is free again', async () => {
    await using dir = await folder();
    await withStore(dir.path, (store, route) => store.core.enqueue([{ tasks: [task(route)] }]));
    const file = join(dir.path, 'hive.db');
    checkpoint(file); // else the log would still hold a good copy of the first page
    const good = readFileSync(file);
    const bad = Buffer.from(good);
    bad.fill(0x55, 0, 200);
    writeFileSync(file, bad);
    expect(await codeOf(open(dir.path))).toBe('STORE_CORRUPT');
    expect(readFileSync(file).equals(bad)).toBe(true);
    writeFileSync(file, good); // the backup is restored
    await withStore(dir.path, async (store) => expect(await count(store)).toBe(1));
  });

  test('damage inside: what meets it gets STORE_CORRUPT, at opening or at the first use', async () => {
    await using dir = await folder();
    await withStore(dir.path, async (store, route) => {
      await store.core.enqueue(
        Array.from({ length: 200 }, () => ({ tasks: [task(route, 3_000)] })),
      );
    });
    const file = join(dir.path, 'hive.db');
    checkpoint(file);
    const bytes = readFileSync(file);
    for (let page = 4; page * 4_096 < bytes.length; page++)
      bytes.fill(0xab, page * 4_096, page * 4_096 + 1_000);
    writeFileSync(file, bytes);
    const meet = async (): Promise<void> => {
      const store = await open(dir.path);
      try {
        const [route] = await store.routes([['work']]);
        for (let i = 0; i < 50; i++) {
          const [verdict] = await store.core.enqueue([{ tasks: [task(route ?? 0, 3_000)] }]);
          if (verdict?.status === 'invalid')
            throw Object.assign(new Error(verdict.error.message), verdict.error);
          await count(store);
        }
      } finally {
        await store.close();
      }
    };
    expect(await codeOf(meet())).toBe('STORE_CORRUPT');
  });
});

describe('a schema from the future', () => {
  test('SCHEMA_FUTURE, and the database is left as it is', async () => {
    await using dir = await folder();
    await withStore(dir.path, (store, route) => store.core.enqueue([{ tasks: [task(route)] }]));
    const inspect = (use: (db: DatabaseSync) => unknown): unknown => {
      const db = new DatabaseSync(join(dir.path, 'hive.db'));
      try {
        return use(db);
      } finally {
        db.close();
      }
    };
    inspect((db) =>
      db.exec(
        "insert into schema_migrations (version, name, applied_ms) values (999, 'tomorrow', 1)",
      ),
    );
    const before = inspect((db) =>
      db
        .prepare(
          'select (select count(*) from tasks) as tasks, (select max(version) from schema_migrations) as version',
        )
        .get(),
    );
    expect(await codeOf(open(dir.path))).toBe('SCHEMA_FUTURE');
    const after = inspect((db) =>
      db
        .prepare(
          'select (select count(*) from tasks) as tasks, (select max(version) from schema_migrations) as version',
        )
        .get(),
    );
    expect(after).toEqual(before);
    inspect((db) => db.exec('delete from schema_migrations where version = 999'));
    await withStore(dir.path, async (store) => expect(await count(store)).toBe(1));
  });
});

describe('the lock', () => {
  /** Another process that tries to hold the directory; resolves with what it says: 'held' or an error code. */
  async function holder(
    directory: string,
  ): Promise<{ child: ChildProcess; said: string; end(): Promise<void> }> {
    const script = fileURLToPath(new URL('./hold-store.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
    const said = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())),
    );
    return {
      child,
      said,
      end: async () => {
        child.kill('SIGKILL');
        await closed;
      },
    };
  }

  test('a live holder is never robbed, not by this process and not while it is stopped; a dead one is no obstacle', async () => {
    await using dir = await folder();
    const other = await holder(dir.path);
    try {
      expect(other.said).toBe('held');
      const refused = await open(dir.path).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refused).toMatchObject({ code: 'LOCK_HELD', details: { pid: other.child.pid } });
      other.child.kill('SIGSTOP'); // silent, but alive
      expect(await codeOf(open(dir.path))).toBe('LOCK_HELD');
    } finally {
      await other.end();
    }
    // Its holder.json is still there, and nobody has to clean up.
    expect(existsSync(join(dir.path, 'holder.json'))).toBe(true);
    await withStore(dir.path, async (store, route) =>
      expect((await store.core.enqueue([{ tasks: [task(route)] }]))[0]?.status).toBe('ok'),
    );
  });

  test('one holder inside one process too, and closing frees it', async () => {
    await using dir = await folder();
    const first = await open(dir.path);
    expect(await codeOf(open(dir.path))).toBe('LOCK_HELD');
    expect(await codeOf(open(dir.path))).toBe('LOCK_HELD'); // the refused try took nothing away
    await first.close();
    await (await open(dir.path)).close();
  });

  test('three processes that start at once on a new directory: one holds it, the others are told', async () => {
    await using dir = await folder();
    const all = await Promise.all([1, 2, 3].map(() => holder(dir.path)));
    expect(all.map((each) => each.said).toSorted()).toEqual(['LOCK_HELD', 'LOCK_HELD', 'held']);
    await Promise.all(all.map((each) => each.end()));
    await withStore(dir.path, async (store) => expect(await count(store)).toBe(0));
  });
});
