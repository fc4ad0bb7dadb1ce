// The store under simulation: the writer of the real SQLite driver over a database in memory, behind a line that delays, loses requests before
// they are applied and loses answers after they were committed. Watches every verdict as it is given (the watcher never sleeps).
// W1: a claim of a task gives a fence above every earlier one. W2: a task is settled for good once; the same unit may be answered ok again.
// W3: a settled task is never claimed again. W4: a write under a fence is accepted only while that fence is the newest one given.

import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import type { ClaimedTask, SettleUnit } from '../../src/contract/index.ts';
import { isTerminal } from '../../src/contract/index.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import type {
  Operation,
  OperationName,
  OperationTypes,
} from '../../src/store/sqlite/operations.ts';
import { decodeResults, encodeOperations } from '../../src/store/sqlite/wire.ts';
import { Writer } from '../../src/store/sqlite/writer.ts';
import type { SimProcess, VirtualTime } from './virtual-time.ts';

export class LineError extends Error {}

interface Faults {
  /** Share of requests that never arrive, and of answers that never come back. */
  lostRequest: number;
  lostAnswer: number;
}

export class SimStore {
  readonly problems: string[] = [];
  readonly counts = {
    operations: 0,
    lostRequests: 0,
    lostAnswers: 0,
    stale: 0,
    executions: 0,
    settled: 0,
  };
  /** Looks at the rows after every settle. */
  watch: (() => void) | undefined;
  faults: Faults = { lostRequest: 0, lostAnswer: 0 };
  host = 0;
  readonly #time: VirtualTime;
  readonly #db = new DatabaseSync(':memory:');
  #writer: Writer;
  readonly #statements = new Map<string, StatementSync>();
  readonly #newestFence = new Map<number, number>();
  readonly #settledBy = new Map<number, string>();

  constructor(time: VirtualTime) {
    this.#time = time;
    migrate(this.#db, { nowMs: time.nowMs });
    this.#writer = new Writer(this.#db, ':memory:');
    this.boot();
  }

  /** The hive's process starts again: nothing that was in memory is left, and the host has a new key. */
  boot(): void {
    this.#writer = new Writer(this.#db, ':memory:');
    this.host = this.#apply('registerHost', {
      id: 'sim',
      boot: `b${this.#time.happened}`,
      startedMs: this.#time.nowMs,
    });
  }

  all<Row>(sql: string, ...parameters: (number | string | Uint8Array)[]): Row[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement.all(...parameters) as Row[];
  }

  close(): void {
    this.#db.close();
  }

  #apply<Name extends OperationName>(
    op: Name,
    input: OperationTypes[Name]['input'],
  ): OperationTypes[Name]['output'] {
    this.counts.operations++;
    // As over the real line: what comes out shares nothing with what went in.
    const { wire, sizes } = encodeOperations([{ op, input } as Operation]);
    const { results } = this.#writer.flush(structuredClone(wire));
    const [result] = decodeResults(results, sizes);
    if (result === undefined || !result.ok)
      throw new LineError(
        result === undefined ? 'no result' : `${result.error.code}: ${result.error.message}`,
      );
    const value = result.value as OperationTypes[Name]['output'];
    if (op === 'claim') this.#watchClaim(value as ClaimedTask[]);
    if (op === 'settle')
      this.#watchSettle(input as SettleUnit, (value as { status: string }).status);
    if (op === 'settle') this.watch?.();
    return value;
  }

  #watchClaim(claimed: readonly ClaimedTask[]): void {
    for (const task of claimed) {
      this.counts.executions++;
      if (task.fence <= (this.#newestFence.get(task.key) ?? 0))
        this.problems.push(
          `I4: task ${task.key} was claimed with fence ${task.fence}, not above the last`,
        );
      this.#newestFence.set(task.key, task.fence);
      if (this.#settledBy.has(task.key))
        this.problems.push(`I2: task ${task.key} was settled and is given out again`);
    }
  }

  #watchSettle(unit: SettleUnit, status: string): void {
    const change = unit.change;
    if (status !== 'ok') {
      this.counts.stale++;
      return;
    }
    if (change === undefined || !('fence' in change.guard)) return;
    const signature = `${change.guard.fence}/${change.to}/${change.result ?? ''}/${change.endedMs ?? ''}`;
    const before = this.#settledBy.get(change.key);
    if (before !== undefined && before !== signature)
      this.problems.push(`I2: task ${change.key} settled as ${before} and again as ${signature}`);
    const newest = this.#newestFence.get(change.key) ?? 0;
    if (before === undefined && change.guard.fence < newest)
      this.problems.push(
        `I4: task ${change.key} was written under fence ${change.guard.fence}; ${newest} was given`,
      );
    if (before === undefined && isTerminal(change.to)) {
      this.#settledBy.set(change.key, signature);
      this.counts.settled++;
    }
  }

  /** One request of a process. Rejects with LineError when request or answer is lost: the caller cannot tell which. */
  call<Name extends OperationName>(
    from: SimProcess,
    op: Name,
    input: () => OperationTypes[Name]['input'],
  ): Promise<OperationTypes[Name]['output']> {
    return new Promise((resolve, reject) => {
      const request = input();
      const isRequestLost = this.#time.chance(this.faults.lostRequest);
      const isAnswerLost = this.#time.chance(this.faults.lostAnswer);
      this.#time.plan(this.#time.between(0, 20), () => {
        let answer: () => void = () => reject(new LineError('no answer'));
        if (isRequestLost) this.counts.lostRequests++;
        else {
          const value = this.#tryApply(op, request);
          if (isAnswerLost) this.counts.lostAnswers++;
          else answer = () => (value instanceof LineError ? reject(value) : resolve(value));
        }
        const patienceMs = isRequestLost || isAnswerLost ? 1_000 : this.#time.between(0, 20);
        this.#time.plan(patienceMs, () => from.wake(answer));
      });
    });
  }

  #tryApply<Name extends OperationName>(
    op: Name,
    input: OperationTypes[Name]['input'],
  ): OperationTypes[Name]['output'] | LineError {
    try {
      return this.#apply(op, input);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.problems.push(`the store failed on ${op}: ${error.message}`);
      return error;
    }
  }

  /** Keeps asking until there is an answer: every operation may be repeated (S6). */
  async insist<Name extends OperationName>(
    from: SimProcess,
    op: Name,
    input: () => OperationTypes[Name]['input'],
  ): Promise<OperationTypes[Name]['output']> {
    for (;;) {
      try {
        return await this.call(from, op, input);
      } catch (error) {
        if (!(error instanceof LineError)) throw error;
        await from.sleep(this.#time.between(10, 300));
      }
    }
  }
}
