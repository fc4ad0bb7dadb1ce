// A hive as a user starts it: its own process, its own data directory, a free port. Waits on what it prints, never on time alone.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const PATIENCE_MS = 60_000;

export interface HiveProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  stdout(): string;
  stderr(): string;
  /** The first match in what it printed to stdout; rejects when it ends without one. */
  match(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same in what it printed to stderr. */
  matchError(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** Runs `hive …` with nothing of this process's environment but PATH. */
export function startCommand(
  words: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): HiveProcess {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ENTRY, ...words],
    {
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...options.env },
      cwd: options.cwd ?? tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  const changed = (): void => {
    for (const check of waiting) check();
  };
  let hasExited = false;
  const exited = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      hasExited = true;
      changed();
      resolve(code);
    });
  });
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    changed();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    changed();
  });
  const appears = (pattern: RegExp, read: () => string): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        done();
        reject(new Error(`${why} without ${pattern}; stdout:\n${out}\nstderr:\n${err}`));
      };
      const timer = setTimeout(() => fail(`${PATIENCE_MS} ms passed`), PATIENCE_MS);
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(check);
      };
      const check = (): void => {
        const found = pattern.exec(read());
        if (found !== null) {
          done();
          resolve(found);
        } else if (hasExited) fail('the process ended');
      };
      waiting.add(check);
      check();
    });
  return {
    child,
    exited,
    stdout: () => out,
    stderr: () => err,
    match: (pattern) => appears(pattern, () => out),
    matchError: (pattern) => appears(pattern, () => err),
    kill: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

export function temporaryFolder(name: string): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), `hive-${name}-`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
