// Starting, killing and judging hives from outside: the process that tests talk to. Leaves nothing: every child is waited for.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FlowChildOptions } from './flow-child.ts';
import type { ChildOptions } from './hive-child.ts';
import type { OracleInput, OracleReport } from './oracle-judges.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

const CHILD = fileURLToPath(new URL('./hive-child.ts', import.meta.url));
const FLOW_CHILD = fileURLToPath(new URL('./flow-child.ts', import.meta.url));
const ORACLE = fileURLToPath(new URL('./oracle.ts', import.meta.url));
const flags = ['--disable-warning=ExperimentalWarning'];
/** Beyond this a child hangs, which is a failure of its own. */
const PATIENCE_MS = 900_000; // longer than the longest suite (12 restarts of PostgreSQL); a test in CI has a shorter limit of its own

export class HiveProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;

  constructor(options: ChildOptions | FlowChildOptions) {
    const program = 'kind' in options ? FLOW_CHILD : CHILD;
    this.child = spawn(process.execPath, [...flags, program, JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: cleanEnvironment(),
    });
    let stderr = '';
    this.child.stderr?.on(
      'data',
      (chunk: Buffer) => (stderr = `${stderr}${chunk.toString()}`.slice(-20_000)),
    );
    const limit = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    this.exited = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        clearTimeout(limit);
        resolve({ code, signal, stderr });
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async kill(): Promise<Exit> {
    this.child.kill('SIGKILL');
    return await this.exited;
  }
}

/** The variables of this process without those that would configure or crash a hive. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env))
    if (
      name.startsWith('HIVE_') ||
      name.startsWith('FAULT') ||
      name === 'NODE_OPTIONS' ||
      name.startsWith('VITEST')
    )
      delete env[name];
  return env;
}

/** Runs the oracle as a program of its own over what is on disk and what the ledger holds. */
export async function askOracle(input: OracleInput): Promise<OracleReport> {
  const child = spawn(process.execPath, [...flags, ORACLE, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  if (stdout === '') throw new Error(`the oracle said nothing: ${stderr}`);
  return JSON.parse(stdout) as OracleReport;
}
