// The heart of orchestrator: what a run does next, as a pure function of its graph, its progress and one event (design 5.3).
//
// Owns: which tasks are created when, when a run ends and how. Does not own: task rows, results, retries (a task that will be tried
// again has not ended), clocks. Callers: the host's settle loop, which applies the commands in one SettleUnit with the run's version;
// only what advance() says releases a node.
//
// A node waits until the nodes before it have ended (join any: until one has), then runs while it has open tasks, then has ended. Tasks
// are inserted when their node becomes ready, not in advance: there is nothing to release, and SettleUnit.insert makes it one commit.
// A failed task either fails the run (onFailure stop: open tasks are cancelled, nodes not reached are skipped) or counts as done with
// its result left out (continue; a failed item of a map is null in the list). Skipping happens only at the end of a run.
//
// A1 Every run ends when all tasks that it created have ended. A2 The tasks of a node are created at most once, and only when the nodes
// before it have ended (join any: passes when the first has). A3 After the run's end there are no commands and no changes.
// A4 Independent events may come in any order: the completed progress, or the verdict failed, is the same. A5 The progress is bounded
// by nodes; an item of a map costs the same whatever the number of items. A6 A repeated event of a node that has ended changes nothing
// (its writer is out-fenced by the store). A7 The run ends after the least number of rounds of tasks that its graph allows.

import { graphLimits, hiveError } from '../contract/index.ts';
import type { Graph } from '../contract/index.ts';
import { assert, unreachable } from '../kernel/index.ts';
import { ProgressDraft } from './advance-draft.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import { nodeStatus } from './progress.ts';
import type { RunProgress } from './progress.ts';

/** How a task ended for good. */
export type TaskEnd = 'succeeded' | 'failed' | 'dead' | 'cancelled';

export type RunEvent =
  | { type: 'start' }
  | {
      type: 'taskEnded';
      node: string;
      /** Index for a task of a map node, else null. */
      item: number | null;
      outcome: TaskEnd;
      /** From itemCounts(): how many items the map nodes fed by this agent node have (null: no list in the result). */
      items?: Readonly<Record<string, number | null>>;
    }
  | { type: 'cancel'; reason: string };

export type RunCommand =
  /** Insert one ready task (items null, an agent node) or tasks for items 0 to items - 1 (a map node). */
  | { type: 'createTasks'; node: string; items: number | null }
  /** The node was not reached and has no tasks; nothing to write but what watchers are told. */
  | { type: 'skipNode'; node: string }
  /** Cancel every task of the run that has not ended, except the one whose end this is. */
  | { type: 'cancelOpen' }
  /** The output is the result of this node (of its sources for a join), or null when it failed under continue. */
  | { type: 'completeRun'; outputNode: string }
  | { type: 'failRun'; node: string; item: number | null; message: string }
  | { type: 'cancelRun'; reason: string };

export interface Advanced {
  /** The same object when nothing changed. */
  readonly state: RunProgress;
  readonly commands: readonly RunCommand[];
}

/**
 * One step of a run. `graph` came out of checkGraph(). Throws STALE_VERSION when the event belongs to a node that this progress has not
 * reached (reload the run and try again), INTERNAL when it belongs to no node.
 */
export function advance(graph: Graph, state: RunProgress, event: RunEvent): Advanced {
  assert(state.nodes.length === graph.nodes.length, 'the progress belongs to its graph');
  if (state.phase !== 'new' && state.phase !== 'open') return { state, commands: [] };
  switch (event.type) {
    case 'start':
      return start(graph, state);
    case 'taskEnded':
      return taskEnded(graph, state, event);
    case 'cancel': {
      const draft = new ProgressDraft(graph, state);
      return draft.stop('cancelled', { type: 'cancelRun', reason: event.reason });
    }
    default:
      return unreachable(event);
  }
}

function start(graph: Graph, state: RunProgress): Advanced {
  if (state.phase !== 'new') return { state, commands: [] };
  const draft = new ProgressDraft(graph, state);
  draft.release(graph.nodes.keys());
  return draft.finish();
}

type TaskEnded = Extract<RunEvent, { type: 'taskEnded' }>;

function taskEnded(graph: Graph, state: RunProgress, event: TaskEnded): Advanced {
  const node = nodeAt(graph, event.node);
  assert(node.kind !== 'join', `node ${node.id} is a join and has no tasks`);
  assert(
    (node.kind === 'map') === (event.item !== null),
    `node ${node.id} is of kind ${node.kind}`,
  );
  const at = graphIndex(graph).at.get(node.id) ?? -1;
  const status = nodeStatus(state, at);
  if (status === 'waiting') {
    throw hiveError('STALE_VERSION', {
      message: `A task of node ${node.id} ended, but this progress of the run has not reached that node`,
    });
  }
  if (status !== 'running') return { state, commands: [] };
  const well = event.outcome === 'succeeded';
  if (!well && node.onFailure === 'stop') return failRun(graph, state, { event, at });
  return event.item === null
    ? agentEnded(graph, state, { event, at })
    : itemEnded(graph, state, { at, well, item: event.item });
}

function agentEnded(
  graph: Graph,
  state: RunProgress,
  what: { event: TaskEnded; at: number },
): Advanced {
  const { event, at } = what;
  const draft = new ProgressDraft(graph, state);
  const well = event.outcome === 'succeeded';
  for (const map of draft.fedBy(at)) {
    const count = well ? (event.items?.[map.id] ?? null) : 0; // nothing came of it: a list of nothing
    if (count !== null && count <= graphLimits.mapItems) {
      draft.setItems(map.id, count);
      continue;
    }
    draft.end(at, 'succeeded');
    return draft.stop('failed', {
      type: 'failRun',
      node: map.id,
      item: null,
      message:
        count === null
          ? `Node "${map.id}" cannot start: the result of "${event.node}" has no list at "${map.items}"; return a list there, or correct \`items\` of "${map.id}"`
          : `Node "${map.id}" cannot start: the list at "${map.items}" of "${event.node}" has ${count} items and the limit is ${graphLimits.mapItems}; put several into one item`,
    });
  }
  draft.end(at, well ? 'succeeded' : event.outcome === 'cancelled' ? 'cancelled' : 'failed');
  draft.releaseAfter(at);
  return draft.finish();
}

interface ItemEnd {
  at: number;
  item: number;
  well: boolean;
}

/** One item of a map: only its counters change, unless it is the last one. */
function itemEnded(graph: Graph, state: RunProgress, end: ItemEnd): Advanced {
  const [total, done, failed] = state.maps[end.at] ?? [0, 0, 0];
  assert(end.item >= 0 && end.item < total, `item ${end.item} is one of ${total}`);
  const counters = [total, end.well ? done + 1 : done, end.well ? failed : failed + 1] as const;
  const counted = { ...state, maps: { ...state.maps, [end.at]: counters } };
  if (counters[1] + counters[2] < total) return { state: counted, commands: [] };
  const draft = new ProgressDraft(graph, counted);
  draft.end(end.at, 'succeeded');
  draft.releaseAfter(end.at);
  return draft.finish();
}

function failRun(
  graph: Graph,
  state: RunProgress,
  what: { event: TaskEnded; at: number },
): Advanced {
  const { event, at } = what;
  let counted = state;
  const counters = state.maps[at];
  if (event.item !== null && counters !== undefined) {
    const [total, done, failed] = counters;
    counted = { ...state, maps: { ...state.maps, [at]: [total, done, failed + 1] } };
  }
  const draft = new ProgressDraft(graph, counted);
  draft.end(at, event.outcome === 'cancelled' ? 'cancelled' : 'failed');
  const { node, item } = event;
  return draft.stop('failed', { type: 'failRun', node, item, message: failureMessage(event) });
}

function failureMessage(event: TaskEnded): string {
  const subject =
    event.item === null ? `Node "${event.node}"` : `Item ${event.item} of node "${event.node}"`;
  switch (event.outcome) {
    case 'failed':
      return `${subject} failed`;
    case 'dead':
      return `${subject} failed or crashed too often`;
    case 'cancelled':
      return `${subject} was cancelled`;
    case 'succeeded':
      return `${subject} succeeded`;
    default:
      return unreachable(event.outcome);
  }
}
