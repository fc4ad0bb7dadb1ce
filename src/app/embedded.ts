// The door for commands: a hive inside this process, or a line to the one that holds the data directory.
// Owns: finding the holder, and which of the two a command gets. Does not own: what the command does with it.
// I1: never two hives on one directory: whether it is free is decided by its lock; the announcement only saves trying.
// I2: a stale announcement is never believed: the holder must answer.

import { clientOver, createClient } from '../client/index.ts';
import type { HiveClient } from '../client/index.ts';
import {
  faultPlan,
  loadConfig,
  processEnvironment,
  terminalFacts as factsOf,
} from '../config/index.ts';
import type { HiveConfig, TerminalFacts } from '../config/index.ts';
import { hiveError, isHiveError } from '../contract/index.ts';
import { idSource, systemClock } from '../kernel/index.ts';
import { announcedHive, readToken } from './data-paths.ts';
import type { Hive } from './start-hive.ts';

export interface OpenHive {
  client: HiveClient;
  /** embedded: it runs in this process and ends with it; remote: another process holds the data directory. */
  mode: 'embedded' | 'remote';
  /** Of the API; undefined when this process runs a hive without one. */
  url: string | undefined;
  /** Sentences for the user, e.g. settings without effect. */
  notices: readonly string[];
  close(): Promise<void>;
}

export interface OpenHiveOptions {
  /**
   * any: connect to the holder of the data directory, else run one without a server.
   * look: as any, but a hive that runs here only answers: it takes up no work that it could not finish.
   * follow: as any, but a hive that runs here listens on any free port, so that other commands can steer what it works on.
   * serve: run one with the API listening; LOCK_HELD or PORT_IN_USE when that cannot be.
   * serve-or-connect: as serve, but connect where another hive holds the directory.
   */
  purpose: 'any' | 'look' | 'follow' | 'serve' | 'serve-or-connect';
  /** A directory that will be inspected: no configuration is read from it. */
  inspectedPath?: string;
  flags: Readonly<Record<string, unknown>>;
}

/** How long the holder of the directory may take to announce itself: it writes its address once its API listens. */
const ANNOUNCE_WAIT_MS = 10_000;
const ANNOUNCE_POLL_MS = 100;

export async function openHive(options: OpenHiveOptions): Promise<OpenHive> {
  const env = processEnvironment();
  const config = loadConfig({
    flags: options.flags,
    env,
    cwd: process.cwd(),
    ...(options.inspectedPath === undefined ? {} : { inspectedPath: options.inspectedPath }),
  });
  if (config.url !== null && options.purpose !== 'serve')
    return remoteHive(config, config.url, tokenFor(config, config.url));
  const { purpose } = options;
  if (purpose === 'any' || purpose === 'look' || purpose === 'follow') {
    const running = announcedHive(config.dataDirectory);
    if (running !== null && (await answers(running.url)))
      return remoteHive(config, running.url, readToken(config.dataDirectory));
  }
  const plan = faultPlan(env);
  // Loaded only here: a command that talks to a running hive needs none of its rooms (CLI budget: 250 ms to the first output).
  const { startHive } = await import('./start-hive.ts');
  try {
    const hive = await startHive({
      config: purpose === 'follow' ? { ...config, apiPort: 0 } : config,
      api: purpose !== 'any' && purpose !== 'look',
      works: options.purpose !== 'look',
      ...(plan === null ? {} : { faultAt: `${plan.point}:${plan.pass}` }),
    });
    return await embeddedHive(hive, config);
  } catch (error) {
    if (!isHiveError(error) || error.code !== 'LOCK_HELD' || options.purpose === 'serve')
      throw error;
    const holder = await waitForHolder(config.dataDirectory);
    if (holder === null) throw error;
    return remoteHive(config, holder, readToken(config.dataDirectory));
  }
}

/** What the environment says about the terminal. */
export function terminalFacts(): TerminalFacts {
  return factsOf(processEnvironment());
}

async function embeddedHive(hive: Hive, config: HiveConfig): Promise<OpenHive> {
  const { invokeOperation } = await import('../operations/index.ts');
  const context = {
    hive: hive.port,
    principal: hive.principal,
    clock: systemClock,
    ids: idSource(systemClock),
  };
  return {
    client: clientOver((name, request, { signal }) =>
      invokeOperation({ ...context, ...(signal === undefined ? {} : { signal }) }, name, request),
    ),
    mode: 'embedded',
    url: hive.url ?? undefined,
    notices: config.notices,
    close: () => hive.stop(),
  };
}

function remoteHive(config: HiveConfig, url: string, token: string | null): OpenHive {
  if (token === null)
    throw hiveError('TOKEN_INVALID', {
      message: `there is no token for ${url}: set HIVE_TOKEN, or point --data at its data directory`,
    });
  return {
    client: createClient({ url, token }),
    mode: 'remote',
    url,
    notices: config.notices,
    close: () => Promise.resolve(),
  };
}

/** The data directory's own token never leaves this machine, whatever address a configuration file names. */
function tokenFor(config: HiveConfig, url: string): string | null {
  const { hostname } = new URL(url);
  const isHere = hostname === 'localhost' || hostname === '[::1]' || hostname === '127.0.0.1';
  return config.token?.reveal() ?? (isHere ? readToken(config.dataDirectory) : null);
}

/** The address of the hive that holds the directory, once it answers; null when it does not announce one in time (a command without server holds it). */
async function waitForHolder(directory: string): Promise<string | null> {
  const untilMs = systemClock.mono() + ANNOUNCE_WAIT_MS;
  for (;;) {
    const announced = announcedHive(directory);
    if (announced !== null && (await answers(announced.url))) return announced.url;
    if (systemClock.mono() > untilMs) return null;
    await new Promise<void>((resolve) => systemClock.after(ANNOUNCE_POLL_MS, resolve));
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/healthz', url), {
      signal: AbortSignal.timeout(ANNOUNCE_WAIT_MS / 10),
    });
    return response.ok;
  } catch {
    return false;
  }
}
