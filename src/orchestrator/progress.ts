// What advance() remembers of a run: one letter per node and three numbers per map node, written into the run row with every settle.
//
// Owns: the shape, its text form, counting for people. Does not own: how it changes (advance.ts).
//
// P1 Its size depends on the nodes of the graph, never on items or tasks. P2 It carries its version from the first day; a version
// that this program does not know is refused, never guessed. P3 encode and decode are inverse.

import { z } from 'zod';
import { hiveError } from '../contract/index.ts';
import type { Graph } from '../contract/index.ts';

export const nodeStatuses = {
  waiting: 'w', // for the nodes before it; it has no tasks yet
  running: 'r', // its tasks were created and at least one is open
  succeeded: 's',
  passed: 'j', // a join that is done: it never had a task
  failed: 'f', // and the run went on (onFailure continue), or it is what failed the run
  cancelled: 'x', // a person or the end of the run stopped it
  skipped: 'k', // the run ended before it was reached
} as const;
export type NodeStatus = keyof typeof nodeStatuses;

export const runPhases = ['new', 'open', 'completed', 'failed', 'cancelled'] as const;
export type RunPhase = (typeof runPhases)[number];

/** [total, done, failed]: done counts items that succeeded; open items are the rest. */
export type MapCounters = readonly [total: number, done: number, failed: number];

export interface RunProgress {
  readonly v: 1;
  readonly phase: RunPhase;
  /** One letter of nodeStatuses per node, in the order of the graph. */
  readonly nodes: string;
  /** By position of the map node, from the moment that its number of items is known. */
  readonly maps: Readonly<Record<string, MapCounters>>;
}

const count = z.number().int().min(0);
const schema = z.strictObject({
  v: z.literal(1),
  phase: z.enum(runPhases),
  nodes: z.string().regex(/^[wrsjfxk]+$/),
  maps: z.record(z.string().regex(/^\d+$/), z.tuple([count, count, count])),
});

const statusByLetter = new Map<string, NodeStatus>(
  (Object.keys(nodeStatuses) as NodeStatus[]).map((name) => [nodeStatuses[name], name]),
);

/** The progress of a run that has not started. */
export function newProgress(graph: Graph): RunProgress {
  return { v: 1, phase: 'new', nodes: nodeStatuses.waiting.repeat(graph.nodes.length), maps: {} };
}

export function nodeStatus(progress: RunProgress, position: number): NodeStatus {
  const status = statusByLetter.get(progress.nodes.charAt(position));
  if (status === undefined) {
    throw hiveError('INTERNAL', { message: `the progress of the run has no node ${position}` });
  }
  return status;
}

/** JSON text for the run row. */
export function encodeProgress(progress: RunProgress): string {
  return JSON.stringify(progress);
}

/** Text of the run row -> progress. Throws SCHEMA_FUTURE for another version, STORE_CORRUPT for anything else that it never wrote. */
export function decodeProgress(text: string): RunProgress {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw hiveError('STORE_CORRUPT', { message: 'The progress of a run is not JSON', cause });
  }
  const version = z.object({ v: z.number() }).safeParse(value);
  if (version.success && version.data.v !== 1) {
    throw hiveError('SCHEMA_FUTURE', {
      message: `The progress of a run has version ${version.data.v}; this Hivewright reads version 1`,
    });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw hiveError('STORE_CORRUPT', {
      message: `The progress of a run cannot be read: ${z.prettifyError(parsed.error)}`,
    });
  }
  return parsed.data;
}

export interface ProgressCounts {
  phase: RunPhase;
  /** ended = all but waiting and running. */
  nodes: Readonly<Record<'total' | 'ended' | 'running' | 'failed', number>>;
  /** created = done + failed + open + cancelled; tasks of nodes not yet reached are not created. */
  tasks: Readonly<Record<'created' | 'done' | 'failed' | 'open' | 'cancelled', number>>;
}

/** Numbers for people; needs no graph, so that a list of runs is cheap to show. */
export function progressCounts(progress: RunProgress): ProgressCounts {
  const nodes = { total: progress.nodes.length, ended: 0, running: 0, failed: 0 };
  const tasks = { created: 0, done: 0, failed: 0, open: 0, cancelled: 0 };
  for (let at = 0; at < progress.nodes.length; at++) {
    const status = nodeStatus(progress, at);
    if (status === 'running') nodes.running++;
    else if (status !== 'waiting') nodes.ended++;
    if (status === 'failed') nodes.failed++;
    if (status === 'waiting' || status === 'skipped' || status === 'passed') continue;
    const [total, done, failed] = progress.maps[at] ?? singleTask(status);
    const rest = total - done - failed;
    tasks.created += total;
    tasks.done += done;
    tasks.failed += failed;
    if (status === 'running') tasks.open += rest;
    else tasks.cancelled += rest; // the run ended over them
  }
  return { phase: progress.phase, nodes, tasks };
}

function singleTask(status: NodeStatus): MapCounters {
  return [1, status === 'succeeded' ? 1 : 0, status === 'failed' ? 1 : 0];
}
