// Undoing what a run did before it ended badly: one compensate task after the other, then the end. Only advance.ts and its draft call this.
//
// A9 of advance.ts lives here. A compensation that fails is remembered by its letter; the next goes on, and the end tells which failed.

import type { Graph } from '../contract/index.ts';
import { assert } from '../kernel/index.ts';
import type { Advanced, RunCommand, TaskEnd } from './advance.ts';
import { graphIndex, nodeAt } from './graph-index.ts';
import { nodeStatuses } from './progress.ts';
import type { RunEnding, RunProgress } from './progress.ts';

const MAX_MESSAGE = 2_000; // it is kept in the row while things are undone

/** Positions of the compensate nodes for what had success, in reverse order of success. */
export function undoOrder(graph: Graph, done: readonly number[]): number[] {
  const { undoneBy } = graphIndex(graph);
  return done
    .map((at) => undoneBy[at] ?? -1)
    .filter((at) => at >= 0)
    .toReversed();
}

/** `state` is that of a run that was stopped: nothing is open, `done` says what had success. */
export function undoOrEnd(graph: Graph, state: RunProgress, ending: RunEnding): Advanced {
  const undo = undoOrder(graph, state.done);
  const kept = { ...ending, message: ending.message.slice(0, MAX_MESSAGE) };
  const next = { ...state, phase: 'compensating', undo, done: [], ending: kept } as const;
  if (undo.length === 0) return end(graph, next, kept);
  const { state: begun, commands } = undoNext(graph, next, kept);
  const first: RunCommand = {
    type: 'beginCompensation',
    end: kept.end,
    message: kept.message,
  };
  return { state: begun, commands: [first, ...commands] };
}

/** The compensate task that runs has ended. */
export function undoneNode(graph: Graph, state: RunProgress, outcome: TaskEnd): Advanced {
  const { ending } = state;
  const [at] = state.undo;
  assert(ending !== null && at !== undefined, 'a run that is being compensated knows its end');
  const letter =
    outcome === 'succeeded'
      ? nodeStatuses.succeeded
      : outcome === 'cancelled'
        ? nodeStatuses.cancelled
        : nodeStatuses.failed;
  const nodes = withLetter(state.nodes, at, letter);
  return undoNext(graph, { ...state, nodes, open: 0, undo: state.undo.slice(1) }, ending);
}

function undoNext(graph: Graph, state: RunProgress, ending: RunEnding): Advanced {
  const [at] = state.undo;
  if (at === undefined) return end(graph, state, ending);
  const nodes = withLetter(state.nodes, at, nodeStatuses.running);
  const node = nodeAt(graph, at).id;
  return {
    state: { ...state, nodes, open: 1 },
    commands: [{ type: 'createTasks', node, from: 0, items: null, total: null }],
  };
}

function end(graph: Graph, state: RunProgress, ending: RunEnding): Advanced {
  const failed = graph.nodes.filter(
    (node, at) =>
      node.kind === 'compensate' &&
      [nodeStatuses.failed, nodeStatuses.cancelled].some((bad) => state.nodes.charAt(at) === bad),
  );
  const message =
    failed.length === 0
      ? ending.message
      : `${ending.message}; not undone: ${failed.map(({ id }) => `"${id}"`).join(', ')}`;
  return {
    state: atEnd({ ...state, phase: ending.end }),
    commands: [endCommand(ending, { message, failed: failed.length > 0 })],
  };
}

function endCommand(ending: RunEnding, undo: { message: string; failed: boolean }): RunCommand {
  if (ending.end === 'cancelled') {
    const error = { code: 'COMPENSATION_FAILED', message: undo.message } as const;
    return { type: 'cancelRun', reason: ending.message, error: undo.failed ? error : null };
  }
  const { node, item } = ending;
  const code = undo.failed ? 'COMPENSATION_FAILED' : ending.code;
  return { type: 'failRun', code, node, item, message: undo.message };
}

/** P5 of progress.ts: what was only needed on the way is dropped, and what stood by is not needed any more. */
export function atEnd(state: RunProgress): RunProgress {
  return {
    v: 2,
    phase: state.phase,
    nodes: state.nodes.replaceAll(nodeStatuses.standby, nodeStatuses.skipped),
    maps: state.maps,
    open: 0,
    queue: [],
    done: [],
    cut: [],
    undo: [],
    ending: null,
  };
}

function withLetter(nodes: string, at: number, letter: string): string {
  return nodes.slice(0, at) + letter + nodes.slice(at + 1);
}
