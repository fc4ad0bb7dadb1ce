// C15 and C16: killed right before and right after the commit that ends a wait. Before it nothing has happened, after it all has, and sending it again
// brings both to the same end.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { RunId } from '../../src/contract/index.ts';
import { systemClock } from '../../src/kernel/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { endOfWait } from './end-of-wait.ts';

const READY = 2;
const WAITING = 1;
const child = fileURLToPath(new URL('./wait-until-killed.ts', import.meta.url));

/** How the process ended: its signal. */
function killed(directory: string, fault: string, how: string): Promise<string | null> {
  const options = ['--disable-warning=ExperimentalWarning', child, directory, fault, how];
  const process_ = spawn(process.execPath, options, { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve) => process_.on('close', (_code, signal) => resolve(signal)));
}

const cases = [
  ['C15', 'promote'],
  ['C16', 'answer'],
  ['C16', 'deliver'],
] as const;

for (const [point, how] of cases) {
  for (const [pass, when] of [
    [1, 'before'],
    [2, 'after'],
  ] as const) {
    test.concurrent(
      `${point}: killed ${when} the commit of ${how}`,
      { timeout: 30_000 },
      async () => {
        const directory = await mkdtemp(join(tmpdir(), 'hive-wait-crash-'));
        try {
          expect(await killed(directory, `${point}:${pass}`, how)).toBe('SIGKILL');
          const task = JSON.parse(readFileSync(join(directory, 'task.json'), 'utf8')) as {
            key: number;
            run: RunId;
          };
          const store = await openSqliteStore({ directory, clock: systemClock, minFreeBytes: 0 });
          const look = async () => {
            const [row] = await store.read<{ state: number; audits: number }>('system', {
              sql: 'select state, (select count(*) from audit) as audits from tasks where key = ?',
              parameters: [task.key],
            });
            const [step] = await store.core.loadJournal(task.key);
            return { state: row?.state, audits: row?.audits, answered: step?.result !== null };
          };
          const ended = {
            state: READY,
            audits: how === 'promote' ? 0 : 1,
            answered: how !== 'promote',
          };
          const open = { state: WAITING, audits: 0, answered: false };
          expect(await look()).toEqual(when === 'before' ? open : ended);
          for (let again = 0; again < 2; again++) {
            expect(await endOfWait(store, how, task)).toBe(true);
            expect(await look()).toEqual(ended);
          }
          await store.close();
        } finally {
          await rm(directory, { recursive: true, force: true });
        }
      },
    );
  }
}
