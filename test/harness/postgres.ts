// A PostgreSQL of the tests' own: made from the system's binaries in a temporary directory, as an unprivileged user, on a free loopback port,
// with fsync on (what is tested is durability).
// Owns: the server process and its directory. Who may call it: tests, chaos and bench.
// I1: the server that answers is the one that was started (its data_directory is compared). I2: stop() leaves no process and no file; when this
// process dies, a watchdog stops the server. I3: without binaries there is a reason, never a silent skip; with CI=true that is a failure.
//
// The server is: initialised > running > (restarting) > running > stopped.

import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';

const run = promisify(execFile);
const INSTALL_ROOT = '/usr/lib/postgresql';
const READY_TRIES = 400;
const READY_WAIT_MS = 25;
const STOP_SIGNALS = {
  smart: 'SIGTERM',
  fast: 'SIGINT',
  immediate: 'SIGQUIT',
  kill: 'SIGKILL',
} as const;
export type StopMode = keyof typeof STOP_SIGNALS;

/** The server's parent: it holds a pipe whose other end dies with this process; then it stops the server and removes the directory. */
const WATCHDOG = `exec 3<&0 0</dev/null
"$0" -D "$1" & server=$!
(read -r _ <&3; trap "" TERM; kill -QUIT $server; exit 7) & dog=$!
echo $server
wait $server
kill $dog 2>/dev/null
wait $dog
[ $? -eq 7 ] && rm -rf "$2"`;

export interface PostgresOptions {
  /** Further lines of postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  /** Environment of the server, e.g. LD_PRELOAD of a slow fsync. */
  env?: Readonly<Record<string, string>>;
}

export interface PostgresServer extends AsyncDisposable {
  /** Of the database `postgres`, as the superuser. */
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  readonly directory: string;
  /** Creates an empty database, or a copy of `template`; returns its URL. */
  createDatabase(options?: { template?: string }): Promise<string>;
  dropDatabase(url: string): Promise<void>;
  /** Stops (`immediate` = as a crash) and starts again on the same port. `downMs`: how long it stays away. */
  restart(mode?: StopMode, downMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Why there is no PostgreSQL here, or null when there is one. */
export async function missingPostgres(): Promise<string | null> {
  const reason =
    (await findBinaries()) === null
      ? `no PostgreSQL server under ${INSTALL_ROOT}/*/bin (Debian: apt-get install postgresql)`
      : null;
  if (reason !== null && process.env['CI'] === 'true')
    throw new Error(`CI must not skip: ${reason}`);
  return reason;
}

/** Starts a server. Throws when there are no binaries (ask missingPostgres first). */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = await findBinaries();
  if (bin === null) throw new Error((await missingPostgres()) ?? 'no PostgreSQL');
  const user = await unprivilegedUser();
  const directory = await mkdtemp(path.join(tmpdir(), 'hive-postgres-'));
  try {
    if (user !== null) await chown(directory, user.uid, user.gid);
    const data = path.join(directory, 'data');
    await run(
      path.join(bin, 'initdb'),
      [
        '-D',
        data,
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-instructions',
      ],
      { cwd: directory, ...user },
    );
    const port = await freePort();
    await writeFile(
      path.join(data, 'postgresql.conf'),
      settingsText({ port, directory, settings: options.settings ?? {} }),
      { flag: 'a' },
    );
    const server = new Server({ bin, user, directory, data, port, env: options.env ?? {} });
    await server.start();
    return server;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

let shared: Promise<PostgresServer> | undefined;

/** One server for everything that runs in this process; it stops when the process ends. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared ??= startPostgres();
  return shared;
}

const templates = new Map<string, Promise<string>>();

/** A database made like a template that `prepare` filled once per process: a copy takes some 30 ms, a migration ten times that. */
export async function databaseFrom(
  name: string,
  prepare: (url: string) => Promise<void>,
): Promise<{ url: string; drop(): Promise<void> }> {
  const server = await sharedPostgres();
  let template = templates.get(name);
  if (template === undefined) {
    template = server.createDatabase().then(async (url) => {
      await prepare(url);
      return new URL(url).pathname.slice(1);
    });
    templates.set(name, template);
  }
  const url = await server.createDatabase({ template: await template });
  return { url, drop: () => server.dropDatabase(url) };
}

interface Parts {
  bin: string;
  user: { uid: number; gid: number } | null;
  directory: string;
  data: string;
  port: number;
  env: Readonly<Record<string, string>>;
}

class Server implements PostgresServer {
  readonly #parts: Parts;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #databases = 0;
  #admin: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get url(): string {
    return this.#url('postgres');
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get port(): number {
    return this.#parts.port;
  }

  get directory(): string {
    return this.#parts.directory;
  }

  #url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.#parts.port}/${database}`;
  }

  async start(): Promise<void> {
    const { bin, user, data, directory, env } = this.#parts;
    const child = spawn('/bin/sh', ['-c', WATCHDOG, path.join(bin, 'postgres'), data, directory], {
      cwd: directory,
      env: { PATH: '/usr/bin:/bin', LANG: 'C', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...user,
    });
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4_000);
    });
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()));
    this.#child = child;
    child.unref();
    const serverPid = await new Promise<number>((resolve) =>
      child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString()))),
    );
    this.#serverPid = serverPid;
    for (const stream of [child.stdin, child.stdout, child.stderr])
      (stream as { unref?: () => void } | null)?.unref?.();
    await this.#ready(() => log);
  }

  #serverPid = -1;

  /** Waits until the server answers, and checks that it is ours. */
  async #ready(log: () => string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const client = new Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
        const { rows } = await client.query<{ data: string }>(
          `select current_setting('data_directory') as data`,
        );
        await client.end();
        if (rows[0]?.data !== this.#parts.data)
          throw new Error(`port ${this.port} is answered by ${rows[0]?.data}`);
        return;
      } catch (error) {
        await client.end().catch(() => undefined);
        if (tries >= READY_TRIES || this.#child?.exitCode !== null)
          throw new Error(`PostgreSQL did not start: ${log()}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, READY_WAIT_MS));
      }
    }
  }

  /** Administration runs one at a time: a template may have no other connection while it is copied. */
  #administer(sql: string): Promise<void> {
    const turn = this.#admin.then(async () => {
      const client = new Client({ connectionString: this.url });
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    });
    this.#admin = turn.catch(() => undefined);
    return turn;
  }

  async createDatabase(options: { template?: string } = {}): Promise<string> {
    const name = `t${process.pid}_${++this.#databases}`;
    await this.#administer(
      `create database ${name} template ${options.template ?? 'template0'} strategy = wal_log`,
    );
    return this.#url(name);
  }

  async dropDatabase(url: string): Promise<void> {
    await this.#administer(
      `drop database if exists ${new URL(url).pathname.slice(1)} with (force)`,
    );
  }

  async restart(mode: StopMode = 'fast', downMs = 0): Promise<void> {
    await this.#halt(mode);
    if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs));
    await this.start();
  }

  async #halt(mode: StopMode): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.ref();
    try {
      process.kill(this.#serverPid, STOP_SIGNALS[mode]);
    } catch {
      // It is gone already.
    }
    await this.#exited;
    this.#child = undefined;
  }

  async stop(): Promise<void> {
    await this.#halt('immediate');
    await rm(this.#parts.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function settingsText(of: {
  port: number;
  directory: string;
  settings: Readonly<Record<string, string>>;
}): string {
  const settings: Record<string, string> = {
    port: String(of.port),
    listen_addresses: `'127.0.0.1'`,
    unix_socket_directories: `'${of.directory}'`,
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_connections: '200',
    shared_buffers: '128MB',
    max_wal_size: '2GB',
    ...of.settings,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

async function findBinaries(): Promise<string | null> {
  const versions = await readdir(INSTALL_ROOT).catch(() => []);
  const newest = versions
    .map(Number)
    .filter((version) => version >= 15)
    .toSorted((a, b) => b - a)[0];
  return newest === undefined ? null : path.join(INSTALL_ROOT, String(newest), 'bin');
}

/** PostgreSQL refuses to run as root. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const id = async (flag: string): Promise<number> =>
    Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
