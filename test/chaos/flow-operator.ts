// The people of the workflows under test, as a script: they decide approvals, send events, resolve what is uncertain by asking the receiver, cancel what
// waits for `never`, and pause runs for a moment. They remember nothing: what they do follows from what they see, so a new life goes on where one died.

import { formatId, isHiveError, runStates, taskStates } from '../../src/contract/index.ts';
import type { ApprovalId, RunId, TaskId } from '../../src/contract/index.ts';
import type { Hive } from '../../src/app/index.ts';
import { insist } from './child-hive.ts';
import type { LedgerClient } from './ledger-client.ts';

const BY = { actor: 'operator', tenant: 1 };
/** Every so many runs is paused once. */
const PAUSE_EVERY = 5;
/** What another did first: the answer came twice, the run ended meanwhile. */
const lost = new Set(['APPROVAL_CLOSED', 'ILLEGAL_TRANSITION', 'NOT_FOUND']);

export class FlowOperator {
  readonly #hive: Hive;
  readonly #ledger: LedgerClient;
  readonly #paused = new Set<number>();

  constructor(hive: Hive, ledger: LedgerClient) {
    this.#hive = hive;
    this.#ledger = ledger;
  }

  /** Looks at everything once and does what is to be done. */
  async look(): Promise<void> {
    await this.#approvals();
    await this.#events();
    await this.#uncertain();
    await this.#pauses();
  }

  #rows<Row>(sql: string): Promise<Row[]> {
    return insist('look', () => this.#hive.store.read<Row>('system', { sql, parameters: [] }));
  }

  async #do(what: string, call: () => Promise<unknown>): Promise<void> {
    try {
      await insist(what, call);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (!isHiveError(cause) || !lost.has(cause.code)) throw error;
    }
  }

  async #approvals(): Promise<void> {
    const rows = await this.#rows<{ subject: string; task: number }>(
      `select j.subject, j.task from tasks t join journal j on j.task = t.key
        where t.state = ${taskStates.waiting} and t.reason = 'approval' and j.kind = 'approval' and j.result is null and j.blob is null`,
    );
    for (const { subject, task } of rows) {
      const decision = Number(task) % 3 === 0 ? 'rejected' : 'approved';
      const request = {
        approval: subject as ApprovalId,
        decision,
        answer: null,
        comment: null,
      } as const;
      await this.#do('decide', () => this.#hive.orchestrator.verbs.decideApproval(request, BY));
    }
  }

  async #events(): Promise<void> {
    const rows = await this.#rows<{ subject: string }>(
      `select j.subject from tasks t join journal j on j.task = t.key
        where t.state = ${taskStates.waiting} and t.reason = 'event' and j.kind = 'event' and j.result is null and j.blob is null`,
    );
    for (const { subject } of rows) {
      const cut = subject.indexOf('/');
      const run = subject.slice(0, cut) as RunId;
      const name = subject.slice(cut + 1);
      if (name === 'never') await this.#cancel(run);
      else
        for (const n of name.startsWith('twice') ? [1, 2] : [1])
          await this.#signal(run, { name, n });
    }
  }

  #signal(run: RunId, of: { name: string; n: number }): Promise<void> {
    const { name, n } = of;
    const request = { run, name, dataJson: String(n), idempotencyKey: `${n}` };
    return this.#do('signal', () => this.#hive.orchestrator.verbs.signalRun(request, BY));
  }

  /** The topmost run above the one that waits. */
  async #cancel(run: RunId): Promise<void> {
    const [row] = await this.#hive.store.loadRuns([run]);
    if (row === undefined) return;
    const root = row.parent?.root ?? row.key;
    const [top] = await this.#rows<{ id: Uint8Array }>(`select id from runs where key = ${root}`);
    if (top === undefined) return;
    const id = formatId('run', top.id);
    await this.#do('cancel', () => this.#hive.orchestrator.cancelRun(id, BY));
  }

  /** Done when the receiver has it, else again: as a person would who can look there. */
  async #uncertain(): Promise<void> {
    const rows = await this.#rows<{ id: Uint8Array; error: string | null }>(
      `select id, error from tasks where state = ${taskStates.uncertain}`,
    );
    for (const row of rows) {
      const task: TaskId = formatId('task', row.id);
      const error = JSON.parse(row.error ?? '{}') as { details?: { idempotencyKey?: string } };
      const key = error.details?.idempotencyKey ?? '';
      const isDone = await this.#ledger.has(key);
      const resolution = isDone ? 'done' : 'retry';
      await this.#ledger.record({ kind: 'resolved', task, key, resolution });
      const resultJson = JSON.stringify({ receipt: key });
      const request = { task, resolution, ...(isDone ? { resultJson } : {}) } as const;
      await this.#do('resolve', () => this.#hive.orchestrator.verbs.resolveTask(request, BY));
    }
  }

  async #pauses(): Promise<void> {
    const { verbs } = this.#hive.orchestrator;
    const rows = await this.#rows<{ key: number; id: Uint8Array; state: number }>(
      `select key, id, state from runs where state in (${runStates.running}, ${runStates.paused}) and parent_task is null`,
    );
    for (const row of rows) {
      const key = Number(row.key);
      const id = formatId('run', row.id);
      if (Number(row.state) === runStates.paused)
        await this.#do('resume', () => verbs.resumeRun(id, BY));
      else if (key % PAUSE_EVERY === 0 && !this.#paused.has(key)) {
        this.#paused.add(key);
        await this.#do('pause', () => verbs.pauseRun(id, BY));
      }
    }
  }
}
