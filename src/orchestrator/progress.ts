// What advance() remembers of a run: one letter per node, four numbers per map node, and short lists of positions; written into the run row
// with every settle.
//
// Owns: the shape, counting for people. Does not own: how it changes (advance.ts), its text form (progress-text.ts).
//
// P1 Its size depends on the nodes and dependencies of the graph, never on items or tasks. P4 It is never changed in place: what did not
// change is shared with the progress before it. P5 At the end of a run only `phase`, `nodes` and `maps` are left; the rest is empty.

import { hiveError } from '../contract/index.ts';
import type { Graph } from '../contract/index.ts';

export const nodeStatuses = {
  waiting: 'w', // for the nodes before it; it has no tasks yet
  queued: 'q', // nothing is before it any more, but the run's limit of open tasks is reached
  running: 'r', // its tasks were created and at least one is open, or of a map: some are still to be created
  succeeded: 's',
  passed: 'j', // a join that is done: it never had a task
  failed: 'f', // and the run went on (onFailure continue), or it is what failed the run
  cancelled: 'x', // a person or the end of the run stopped it
  skipped: 'k', // its branch was not taken, its `when` was false, what it waits for was skipped, or the run ended before it was reached
  standby: 'c', // a compensate node that may be needed yet
} as const;
export type NodeStatus = keyof typeof nodeStatuses;

export const runPhases = [
  'new',
  'open',
  'compensating', // failed or cancelled, and what was done is being undone
  'completed',
  'failed',
  'cancelled',
] as const;
export type RunPhase = (typeof runPhases)[number];

/** done counts items that succeeded; created - done - failed are open; total - created wait for the limits of open tasks. */
export type MapCounters = readonly [total: number, done: number, failed: number, created: number];
/** As total: where the map node looks there is no list. */
export const NO_LIST = -1;

export const failureCodes = ['RUN_FAILED', 'RUN_DEADLINE', 'COMPENSATION_FAILED'] as const;
export type FailureCode = (typeof failureCodes)[number];

/** How a run that is being compensated will end. */
export type RunEnding =
  | {
      readonly end: 'failed';
      readonly code: FailureCode;
      /** What failed the run; null: no node did (its deadline). */
      readonly node: string | null;
      readonly item: number | null;
      readonly message: string;
    }
  | { readonly end: 'cancelled'; readonly message: string };

export interface RunProgress {
  readonly v: 2;
  readonly phase: RunPhase;
  /** One letter of nodeStatuses per node, in the order of the graph. */
  readonly nodes: string;
  /** By position of the map node, from the moment that its number of items is known; null for all others. */
  readonly maps: readonly (MapCounters | null)[];
  /** Tasks that were created and have not ended. */
  readonly open: number;
  /** Positions of nodes with tasks to create, which limits of open tasks hold back; the longest waiting first. */
  readonly queue: readonly number[];
  /** Positions of the nodes with a compensate node that had success (a map: its first item), in the order of their success. */
  readonly done: readonly number[];
  /** [decision, join]: dependencies of joins that their decision did not take. */
  readonly cut: readonly (readonly [number, number])[];
  /** Only in phase compensating: positions of the compensate nodes that are left, the one that runs first. */
  readonly undo: readonly number[];
  /** Only in phase compensating. */
  readonly ending: RunEnding | null;
}

const statusByLetter = new Map<string, NodeStatus>(
  (Object.keys(nodeStatuses) as NodeStatus[]).map((name) => [nodeStatuses[name], name]),
);

/** The progress of a run that has not started. */
export function newProgress(graph: Graph): RunProgress {
  const letters = graph.nodes.map((node) =>
    node.kind === 'compensate' ? nodeStatuses.standby : nodeStatuses.waiting,
  );
  return {
    v: 2,
    phase: 'new',
    nodes: letters.join(''),
    maps: letters.map(() => null),
    open: 0,
    queue: [],
    done: [],
    cut: [],
    undo: [],
    ending: null,
  };
}

/** Throws INTERNAL for a position that the graph does not have. */
export function nodeStatus(progress: RunProgress, position: number): NodeStatus {
  const status = statusByLetter.get(progress.nodes.charAt(position));
  if (status === undefined) {
    throw hiveError('INTERNAL', { message: `the progress of the run has no node ${position}` });
  }
  return status;
}

/** A run in this phase has ended for good. */
export function isOver(phase: RunPhase): boolean {
  return phase === 'completed' || phase === 'failed' || phase === 'cancelled';
}

export interface ProgressCounts {
  /** compensating: the run has failed or was cancelled, and its tasks that are open undo what was done. */
  phase: RunPhase;
  /** ended = all but those that wait, are queued, run or stand by; skipped and failed are among them. */
  nodes: Readonly<Record<'total' | 'ended' | 'running' | 'failed' | 'skipped', number>>;
  /** created = done + failed + open + cancelled; tasks of nodes not yet reached are not created. */
  tasks: Readonly<Record<'created' | 'done' | 'failed' | 'open' | 'cancelled', number>>;
}

/** Numbers for people; needs no graph, so that a list of runs is cheap to show. A task that was skipped by its `when` is not counted. */
export function progressCounts(progress: RunProgress): ProgressCounts {
  const nodes = { total: progress.nodes.length, ended: 0, running: 0, failed: 0, skipped: 0 };
  const tasks = { created: 0, done: 0, failed: 0, open: 0, cancelled: 0 };
  for (let at = 0; at < progress.nodes.length; at++) {
    const status = nodeStatus(progress, at);
    if (status === 'waiting' || status === 'queued' || status === 'standby') continue;
    if (status === 'running') nodes.running++;
    else nodes.ended++;
    if (status === 'failed') nodes.failed++;
    if (status === 'skipped') nodes.skipped++;
    if (status === 'skipped' || status === 'passed') continue;
    const [, done, failed, created] = progress.maps[at] ?? singleTask(status);
    const rest = created - done - failed;
    tasks.created += created;
    tasks.done += done;
    tasks.failed += failed;
    if (status === 'running') tasks.open += rest;
    else tasks.cancelled += rest; // the run ended over them
  }
  return { phase: progress.phase, nodes, tasks };
}

function singleTask(status: NodeStatus): MapCounters {
  return [1, status === 'succeeded' ? 1 : 0, status === 'failed' ? 1 : 0, 1];
}
