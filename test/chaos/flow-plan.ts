// The workflows that hives under test run, made from a seed: 5 to 20 nodes of every kind, and what must have come of each in the end.
// Same seed and job, same graph: whoever starts the hive again sends the same body, and the oracle knows what to expect without asking anybody.

import type { GraphInput } from '../../src/contract/index.ts';
import { seededRandom } from '../../src/kernel/random.ts';

type NodeInput = GraphInput['nodes'][number];

/** One thing that an agent of these workflows does. */
export type Op =
  | { do: 'step' }
  /** breaks: it reaches the receiver, and its answer is lost. */
  | { do: 'effect'; unknown: 'repeat' | 'check' | 'ask'; breaks: boolean }
  | { do: 'sleep'; ms: number }
  | { do: 'approve' }
  /** Two events of one name, which must be two different ones. */
  | { do: 'listen' }
  | { do: 'delegate'; children: number }
  | { do: 'stumble' }
  | { do: 'fail' };

export type FlowKind = 'mixed' | 'cancel' | 'undo' | 'long';

export interface FlowPlan {
  graph: GraphInput;
  end: 'completed' | 'failed' | 'cancelled';
  /** Tasks that must have succeeded, as `node` or `node#item`, sorted. */
  succeeded: string[];
  /** Iterations of each loop node. */
  loops: Record<string, number>;
  /** Ledger records of a life without trouble, about. */
  records: number;
}

const MIN_NODES = 5;
const MAX_NODES = 20;
const WINDOW = 2;
/** Nodes of the one workflow that is killed many times. */
const LONG_BLOCKS = 40;

class Draft {
  readonly nodes: NodeInput[] = [];
  readonly succeeded: string[] = [];
  readonly loops: Record<string, number> = {};
  readonly #random: () => number;
  readonly #job: number;
  records = 1;
  #tail: string | undefined;

  constructor(random: () => number, job: number) {
    this.#random = random;
    this.#job = job;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  pick<T>(of: readonly [T, ...T[]]): T {
    return of[this.between(0, of.length - 1)] ?? of[0];
  }

  #ops(): Op[] {
    const breaks = this.#random() < 0.1;
    const ops: Op[] = [{ do: 'step' }];
    for (let i = this.between(1, 3); i > 0; i--) {
      ops.push(
        this.pick<Op>([
          { do: 'step' },
          { do: 'effect', unknown: 'repeat', breaks },
          { do: 'effect', unknown: 'check', breaks },
          { do: 'effect', unknown: 'ask', breaks },
          { do: 'effect', unknown: 'ask', breaks: false },
          { do: 'sleep', ms: this.between(2, 30) },
          { do: 'approve' },
          { do: 'listen' },
          { do: 'delegate', children: 3 },
        ]),
      );
    }
    return [...ops, { do: 'step' }];
  }

  #after(): { after: string[] } {
    return { after: this.#tail === undefined ? [] : [this.#tail] };
  }

  work(ops: Op[], more: { items?: number; after?: string[]; taken?: boolean } = {}): string {
    const id = `n${this.nodes.length}`;
    const { items, after, taken = true } = more;
    this.nodes.push({
      kind: 'agent',
      id,
      ...this.#after(),
      ...(after === undefined ? {} : { after }),
      capabilities: ['flow:do'],
      timeoutMs: 60_000,
      input: { job: this.#job, ops, ...(items === undefined ? {} : { items }) },
    });
    if (taken) {
      this.succeeded.push(id);
      this.records += 1.2 * recordsOf(ops);
    }
    return id;
  }

  /** A block of nodes between one tail and the next. */
  block(): void {
    const id = `n${this.nodes.length}`;
    const kinds = [
      'work',
      'work',
      'fork',
      'map',
      'ways',
      'approval',
      'wait',
      'sub',
      'loop',
    ] as const;
    switch (this.pick(kinds)) {
      case 'work':
        this.#tail = this.work(this.#ops());
        return;
      case 'fork': {
        const branches = [1, 2, 3].slice(this.between(0, 1)).map(() => this.work(this.#ops()));
        this.#join(branches);
        return;
      }
      case 'map':
        this.#map();
        return;
      case 'ways':
        this.#ways(id);
        return;
      case 'approval':
        this.nodes.push({
          kind: 'approval',
          id,
          ...this.#after(),
          message: 'well?',
          onReject: 'continue',
        });
        return this.#done(id);
      case 'wait':
        this.nodes.push({
          kind: 'wait',
          id,
          ...this.#after(),
          ...(this.#random() < 0.5 ? { forMs: this.between(2, 30) } : { event: `once-${id}` }),
        });
        return this.#done(id);
      case 'sub':
        this.nodes.push({
          kind: 'workflow',
          id,
          ...this.#after(),
          input: {},
          graph: this.#child(id),
        });
        this.records += 12;
        return this.#done(id);
      case 'loop':
        this.#loop(id);
        return;
    }
  }

  #done(id: string): void {
    this.succeeded.push(id);
    this.#tail = id;
  }

  #join(after: string[]): void {
    const id = `n${this.nodes.length}`;
    this.nodes.push({ kind: 'join', id, after });
    this.#tail = id;
  }

  #map(): void {
    const items = this.between(3, 5);
    const over = this.work([{ do: 'step' }], { items });
    const id = `n${this.nodes.length}`;
    const ops: Op[] = [{ do: 'step' }, { do: 'effect', unknown: 'check', breaks: false }];
    this.nodes.push({
      kind: 'map',
      id,
      over,
      after: [over],
      concurrency: WINDOW,
      capabilities: ['flow:do'],
      timeoutMs: 60_000,
      input: { job: this.#job, ops },
    });
    for (let item = 0; item < items; item++) this.succeeded.push(`${id}#${item}`);
    this.records += items * recordsOf(ops);
    this.#tail = id;
  }

  #ways(id: string): void {
    const before = this.#after();
    const isLeft = this.#job % 2 === 0;
    this.nodes.push({
      kind: 'decision',
      id,
      ...before,
      choices: [{ when: 'input.isEven', to: [`n${this.nodes.length + 1}`] }],
      otherwise: [`n${this.nodes.length + 2}`],
    });
    this.#done(id);
    const left = this.work(this.#ops(), { after: [id], taken: isLeft });
    const right = this.work(this.#ops(), { after: [id], taken: !isLeft });
    this.#join([left, right]);
  }

  #child(id: string): { [name: string]: never } {
    const ops: Op[] = [{ do: 'step' }, { do: 'effect', unknown: 'repeat', breaks: false }];
    const node = {
      kind: 'agent',
      capabilities: ['flow:do'],
      timeoutMs: 60_000,
      input: { job: -1, ops },
    };
    const nodes = [
      { ...node, id: 'first' },
      { ...node, id: 'second', after: ['first'] },
    ];
    return { name: `sub-${id}`, nodes } as never;
  }

  #loop(id: string): void {
    const times = this.between(1, 4);
    const body = {
      name: `body-${id}`,
      nodes: [
        {
          kind: 'agent',
          id: 'count',
          capabilities: ['flow:do'],
          timeoutMs: 60_000,
          input: { job: -1, ops: [{ do: 'step' }] },
          inputs: { count: 'input.iteration' },
        },
      ],
    };
    const until = `last.count >= ${times}`;
    this.nodes.push({
      kind: 'loop',
      id,
      ...this.#after(),
      input: {},
      body: body as never,
      until,
      max: 5,
    });
    this.loops[id] = times;
    this.records += times * 3;
    this.#done(id);
  }

  /** The last node fails, or waits for what never comes: inside a child run when there is room. */
  badEnd(how: 'failed' | 'cancelled'): void {
    const id = `n${this.nodes.length}`;
    if (how === 'failed') {
      this.work([{ do: 'step' }, { do: 'fail' }], { taken: false });
    } else if (this.#job % 2 === 0) {
      this.nodes.push({ kind: 'wait', id, ...this.#after(), event: 'never' });
    } else {
      const graph = { name: 'stuck', nodes: [{ kind: 'wait', id: 'stuck', event: 'never' }] };
      this.nodes.push({ kind: 'workflow', id, ...this.#after(), input: {}, graph: graph as never });
    }
  }

  /** A compensation for every agent node that leads to the end, as many as fit. */
  compensations(): void {
    const undone = this.nodes.filter(
      ({ kind, id }) => kind === 'agent' && this.succeeded.includes(id),
    );
    for (const { id } of undone.slice(0, MAX_NODES - this.nodes.length)) {
      this.nodes.push({
        kind: 'compensate',
        id: `undo-${id}`,
        undoes: id,
        capabilities: ['flow:undo'],
        timeoutMs: 60_000,
        input: { job: this.#job },
      });
      this.succeeded.push(`undo-${id}`);
      this.records += 2;
    }
  }
}

function recordsOf(ops: readonly Op[]): number {
  const weight = {
    step: 1,
    effect: 1,
    sleep: 1,
    approve: 1,
    listen: 1,
    delegate: 7,
    stumble: 2,
    fail: 0,
  };
  return 1 + ops.reduce((sum, op) => sum + weight[op.do], 0);
}

function endOf(kind: FlowKind, job: number): FlowPlan['end'] {
  if (kind === 'cancel') return 'cancelled';
  if (kind === 'undo') return 'failed';
  if (kind === 'long' || job % 2 === 0) return 'completed';
  return job % 4 === 1 ? 'failed' : 'cancelled';
}

/** The workflow of a job and what must come of it. */
export function flowPlan(of: { seed: number; job: number; kind: FlowKind }): FlowPlan {
  const { seed, job, kind } = of;
  const draft = new Draft(seededRandom(seed * 100_003 + job), job);
  const end = endOf(kind, job);
  const isBad = end !== 'completed';
  if (kind === 'long') for (let i = 0; i < LONG_BLOCKS; i++) draft.block();
  else {
    // At least two agents, so that there is an order to undo.
    if (isBad) for (let i = 0; i < 2; i++) draft.block();
    const target = draft.between(MIN_NODES, isBad ? 9 : 14);
    while (draft.nodes.length < target) draft.block();
  }
  if (isBad) {
    draft.badEnd(end);
    draft.compensations();
  }
  return {
    graph: { name: `flow-${kind}`, nodes: draft.nodes },
    end,
    succeeded: draft.succeeded.toSorted((a, b) => (a < b ? -1 : 1)),
    loops: draft.loops,
    records: draft.records,
  };
}

export const flowInput = (job: number): { job: number; isEven: boolean } => ({
  job,
  isEven: job % 2 === 0,
});
