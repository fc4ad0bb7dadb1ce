/**
 * A task with its journal, as the store and the orchestrator treat it, for the tests of this room: rows are
 * upserted by name and occurrence, the first result wins, a write that would change one is refused, and what
 * travels with an outcome is committed with it.
 */
import type {
  AgentRunner,
  Attempt,
  AttemptHost,
  AttemptOutcome,
  JournalStep,
  Json,
  WaitResult,
} from '../../contract/index.ts';
import { hiveError } from '../../contract/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { AgentContext } from '../authoring/agent-context.ts';
import { defineAgent } from '../authoring/define-agent.ts';
import type { AgentResult, AgentSpecification } from '../authoring/define-agent.ts';
import { createAgentRunner } from './agent-runner.ts';
import { inlineSource } from './agent-source.ts';
import { testAttempt } from './test-attempt.ts';

export type Execute = (context: AgentContext<Json>) => AgentResult | Promise<AgentResult>;

/** A runner with the one inline agent `tested`. */
export function runnerOf(
  execute: Execute,
  { clock, ...change }: { clock: Clock } & Partial<AgentSpecification>,
): AgentRunner {
  const base = { type: 'test', version: '1', capabilities: ['test'], placement: 'inline' } as const;
  const agent = defineAgent({ ...base, ...change, name: 'tested', execute });
  const agents = [inlineSource(agent)];
  return createAgentRunner({ agents, clock, random: () => 0.25, threads: 1, heapMb: 64 });
}

export class TestTask {
  readonly #rows = new Map<string, JournalStep>();
  readonly #clock: Clock;
  #life = 0;
  /** Names of the rows of each write of its own (not those that travel with an outcome). */
  readonly writes: string[][] = [];
  /** Called before and after each commit, outcomes included. */
  onCommit: (() => void | Promise<void>) | undefined;
  attempts = 0;
  /** The last outcome that the store holds. */
  committed: AttemptOutcome | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get journal(): JournalStep[] {
    return [...this.#rows.values()];
  }

  /** One attempt, its outcome committed. */
  async run(runner: AgentRunner, change: Partial<Attempt> = {}): Promise<AttemptOutcome> {
    const { journal } = this;
    this.attempts++;
    const attempt = testAttempt('tested', { journal, attempt: this.attempts, ...change });
    const life = this.#life;
    const outcome = await runner.run(attempt, this.host());
    await this.#mayCommit(life);
    await this.onCommit?.();
    if ('steps' in outcome && outcome.steps !== undefined) this.#upsert(outcome.steps);
    this.committed = outcome;
    await this.onCommit?.();
    return outcome;
  }

  host(): AttemptHost {
    const life = this.#life;
    return {
      appendJournal: async (steps, { reset } = { reset: false }) => {
        this.writes.push(steps.map((each) => each.name));
        await this.#mayCommit(life);
        await this.onCommit?.();
        if (reset) {
          for (const [key, { kind }] of this.#rows) if (kind !== 'effect') this.#rows.delete(key);
        }
        if (steps.some((each) => this.#contradicts(each))) return false;
        this.#upsert(steps);
        await this.onCommit?.();
        return true;
      },
      log: () => {},
      progress: () => {},
    };
  }

  /** What deciding, delivering or a child's end does. Throws when there is no such open wait. */
  answer(name: string, result: WaitResult, { occurrence = 0, subject = '' } = {}): void {
    const row = this.#rows.get(keyOf({ name, occurrence }));
    if (row === undefined || row.result !== null)
      throw hiveError('APPROVAL_CLOSED', { message: `${name} ${occurrence} is not open` });
    const given = subject === '' ? {} : { subject };
    this.#set({ ...row, ...given, result: JSON.stringify(result), atMs: this.#clock.now() });
  }

  /** What resolving an uncertain task does. */
  change(name: string, change: Partial<JournalStep>): void {
    for (const row of this.journal) if (row.name === name) this.#set({ ...row, ...change });
  }

  /** The process dies: attempts that are under way commit nothing any more. */
  die(): void {
    this.#life++;
  }

  async #mayCommit(life: number): Promise<void> {
    if (life !== this.#life) await new Promise<never>(() => {});
  }

  #contradicts(step: JournalStep): boolean {
    const before = this.#rows.get(keyOf(step))?.result ?? null;
    return before !== null && step.result !== before;
  }

  #upsert(steps: readonly JournalStep[]): void {
    const keys = new Set(steps.map(keyOf));
    if (keys.size !== steps.length) throw new Error('one write holds a row twice');
    for (const step of steps) {
      if (this.#contradicts(step)) throw new Error(`the result of ${step.name} would change`);
      this.#set(step);
    }
  }

  #set(step: JournalStep): void {
    this.#rows.set(keyOf(step), step);
  }
}

function keyOf({ name, occurrence }: Pick<JournalStep, 'name' | 'occurrence'>): string {
  return `${occurrence}:${name}`;
}
