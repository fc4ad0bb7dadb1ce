// The heart of orchestrator: what a run does next, as a pure function of its graph, its progress and one event (design 5.3).
//
// Owns: which tasks are created when, which nodes are skipped, what is undone, when a run ends and how. Does not own: task rows, results,
// conditions (a decision's task evaluates them), retries (a task that will be tried again has not ended), clocks. Callers: the host's
// settle loop, which applies the commands in one SettleUnit with the run's version; only what advance() says releases a node.
//
// A node waits until the nodes before it have ended (join any: until one has), then runs while it has open tasks, then has ended. Tasks
// are inserted when their node becomes ready, not in advance, and not before the limits of open tasks (of the run, of a map) have room.
// A node is skipped when its decision did not take it or when a node before it was skipped; a join does not count such dependencies and is
// skipped when none is left. A task may end skipped too (its `when` was false). A failed task either fails the run (onFailure stop) or counts
// as done with its result left out (continue; a failed item of a map is null in the list; a decision takes `otherwise`).
// A run that ends early cancels its open tasks and skips what it did not reach. Then what had success and can be undone is undone, one
// compensate task after the other in reverse order of success (a map: of its first item), and only then the run ends. Nothing stops that.
//
// A1 Every run ends when all tasks that it created have ended. A2 The tasks of a node are created at most once, and only when the nodes
// before it have ended (join any: passes when the first has). A3 After the run's end there are no commands and no changes.
// A4 Independent events may come in any order: the completed progress, or the verdict failed, is the same. A5 The progress is bounded
// by nodes; an item of a map costs the same whatever the number of items. A6 A repeated event of a node that has ended changes nothing
// (its writer is out-fenced by the store). A7 Without limits of open tasks the run ends after the least number of rounds that its graph allows.
// A8 The limits of open tasks are never exceeded. A9 Compensation runs in exactly the reverse order of success, and only of what had success.

import { hiveError } from '../contract/index.ts';
import type { Graph, TaskNode } from '../contract/index.ts';
import { assert, unreachable } from '../kernel/index.ts';
import { ProgressDraft } from './advance-draft.ts';
import { undoneNode } from './compensation.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import { isOver, nodeStatus } from './progress.ts';
import type { FailureCode, RunEnding, RunProgress } from './progress.ts';

/** How a task ended for good. skipped: its `when` was false. */
export type TaskEnd = 'succeeded' | 'failed' | 'dead' | 'cancelled' | 'skipped';

/** By id of the map node: how many items it has (null: there is no list where it looks). */
export type ItemCounts = Readonly<Record<string, number | null>>;

export type RunEvent =
  /** items: from inputItemCounts(), needed when a map node works on the run's input. */
  | { type: 'start'; items?: ItemCounts }
  | {
      type: 'taskEnded';
      node: string;
      /** Index for a task of a map node, else null. */
      item: number | null;
      outcome: TaskEnd;
      /** From itemCounts(): of the map nodes fed by this node. */
      items?: ItemCounts;
      /** Of a decision that succeeded: the nodes that it takes. */
      taken?: readonly string[];
    }
  /** The run has passed its deadline. */
  | { type: 'deadline'; message?: string }
  | { type: 'cancel'; reason: string };

export type RunCommand =
  /**
   * Insert one ready task (items null), or for a map node `items` tasks, for the items `from` to `from + items - 1` of `total`. A node of a map may
   * be named by several commands one after the other; its items never twice.
   */
  | { type: 'createTasks'; node: string; from: number; items: number | null; total: number | null }
  /** The node was not reached and has no tasks; nothing to write but what watchers are told. */
  | { type: 'skipNode'; node: string }
  /** Cancel every task of the run that has not ended, except the one whose end this is. Comes before any createTasks. */
  | { type: 'cancelOpen' }
  /** The run will end badly, and undoes first what was done; its compensate tasks follow by createTasks. */
  | { type: 'beginCompensation'; end: 'failed' | 'cancelled'; message: string }
  /** The output is the result of this node (of its sources for a join), or null when it was skipped or failed under continue. */
  | { type: 'completeRun'; outputNode: string }
  /** node null: no node failed (the deadline passed). COMPENSATION_FAILED: the message names what could not be undone, after why the run failed. */
  | {
      type: 'failRun';
      code: FailureCode;
      node: string | null;
      item: number | null;
      message: string;
    }
  /** error: what could not be undone; else null. */
  | {
      type: 'cancelRun';
      reason: string;
      error: { code: 'COMPENSATION_FAILED'; message: string } | null;
    };

export interface Advanced {
  /** The same object when nothing changed. */
  readonly state: RunProgress;
  readonly commands: readonly RunCommand[];
}

/**
 * One step of a run. `graph` came out of checkGraph(). Throws STALE_VERSION when the event belongs to a task that this progress has not
 * created (reload the run and try again), INTERNAL when it belongs to no node.
 */
export function advance(graph: Graph, state: RunProgress, event: RunEvent): Advanced {
  assert(state.nodes.length === graph.nodes.length, 'the progress belongs to its graph');
  if (isOver(state.phase)) return { state, commands: [] };
  if (event.type === 'taskEnded') return taskEnded(graph, state, event);
  if (state.phase === 'compensating') return { state, commands: [] }; // it ends badly already, and undoing goes to its end
  switch (event.type) {
    case 'start':
      return start(graph, state, event.items ?? {});
    case 'deadline':
      return new ProgressDraft(graph, state).stop({
        end: 'failed',
        code: 'RUN_DEADLINE',
        node: null,
        item: null,
        message: event.message ?? 'The run passed its deadline',
      });
    case 'cancel':
      return new ProgressDraft(graph, state).stop({ end: 'cancelled', message: event.reason });
    default:
      return unreachable(event);
  }
}

function start(graph: Graph, state: RunProgress, items: ItemCounts): Advanced {
  if (state.phase !== 'new') return { state, commands: [] };
  const draft = new ProgressDraft(graph, state);
  for (const at of graphIndex(graph).inputMaps) draft.feed(at, items[draft.idOf(at)] ?? null);
  draft.release(graph.nodes.keys());
  return draft.finish();
}

type TaskEnded = Extract<RunEvent, { type: 'taskEnded' }>;

function taskEnded(graph: Graph, state: RunProgress, event: TaskEnded): Advanced {
  const at = graphIndex(graph).at.get(event.node) ?? -1;
  const node = nodeAt(graph, event.node);
  assert(node.kind !== 'join', `node ${node.id} is a join and has no tasks`);
  assert(
    (node.kind === 'map') === (event.item !== null),
    `node ${node.id} is of kind ${node.kind}`,
  );
  const status = nodeStatus(state, at);
  if (status === 'waiting' || status === 'queued') throw stale(event);
  if (status !== 'running') return { state, commands: [] };
  if (node.kind === 'compensate') return undoneNode(graph, state, event.outcome);
  const well = event.outcome === 'succeeded';
  const stops = !well && event.outcome !== 'skipped' && onFailure(node as TaskNode) === 'stop';
  if (event.item !== null) return itemEnded(graph, state, { event, at, well, stops });
  const draft = new ProgressDraft(graph, state);
  draft.taskOver();
  draft.end(at, endStatus(event.outcome));
  if (stops) return draft.stop(failure(event));
  return singleEnded(draft, { event, at });
}

function singleEnded(draft: ProgressDraft, what: { event: TaskEnded; at: number }): Advanced {
  const { event, at } = what;
  const { outcome } = event;
  if (outcome !== 'skipped') {
    for (const map of draft.fedBy(at)) {
      // nothing came of it: a list of nothing
      draft.feed(map, outcome === 'succeeded' ? (event.items?.[draft.idOf(map)] ?? null) : 0);
    }
    draft.take(at, outcome === 'succeeded' ? (event.taken ?? []) : null);
  }
  draft.releaseAfter(at);
  return draft.finish();
}

interface ItemEnd {
  event: TaskEnded;
  at: number;
  well: boolean;
  stops: boolean;
}

/** One item of a map: only its counters change, unless it is the last one or makes room for others. */
function itemEnded(graph: Graph, state: RunProgress, end: ItemEnd): Advanced {
  const { at, event, well } = end;
  const [total, done, failed, created] = state.maps[at] ?? [0, 0, 0, 0];
  const item = event.item ?? -1;
  assert(item >= 0 && item < total, `item ${item} is one of ${total}`);
  assert(event.outcome !== 'skipped', `node ${event.node} is a map, whose items are not skipped`);
  if (item >= created || done + failed >= created) throw stale(event);
  const draft = new ProgressDraft(graph, state);
  draft.taskOver();
  draft.count(at, [total, well ? done + 1 : done, well ? failed : failed + 1, created]);
  if (end.stops) {
    draft.end(at, endStatus(event.outcome));
    return draft.stop(failure(event));
  }
  if (done + failed + 1 < total) return draft.goOn();
  draft.end(at, 'succeeded');
  draft.releaseAfter(at);
  return draft.finish();
}

function onFailure(node: TaskNode): 'stop' | 'continue' {
  return node.kind === 'compensate' ? 'continue' : node.onFailure;
}

function endStatus(outcome: TaskEnd): 'succeeded' | 'skipped' | 'cancelled' | 'failed' {
  return outcome === 'dead' ? 'failed' : outcome;
}

function stale(event: TaskEnded): Error {
  return hiveError('STALE_VERSION', {
    message: `A task of node ${event.node} ended, but this progress of the run has not created it`,
  });
}

function failure(event: TaskEnded): RunEnding {
  const { node, item } = event;
  return { end: 'failed', code: 'RUN_FAILED', node, item, message: failureMessage(event) };
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
    case 'skipped':
      return `${subject} ${event.outcome}`;
    default:
      return unreachable(event.outcome);
  }
}
