/**
 * Shows a run while it goes on: as a tree, as lines, as JSON lines, or not at all.
 * Owns: its timer and what it has painted. Does not own: the run.
 * I1: the tree shows nothing before FIRST_PAINT_MS and repaints at most every PAINT_MS. I2: lines are only ever
 * appended. I3: silence is bounded: a heartbeat line each HEARTBEAT_MS. I4: close() leaves no timer.
 *
 * States: quiet > showing > closed.
 */
import type { OperationOutput } from '../../contract/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { asciiGlyphs, unicodeGlyphs } from '../output/glyphs.ts';
import { paintFor } from '../output/paint.ts';
import { hasColor } from '../session.ts';
import type { Session } from '../session.ts';
import type { ProgressKind } from '../settings.ts';
import { approvalLine, heartbeatLine, plainLine } from './plain-lines.ts';
import { renderTree } from './render-tree.ts';
import { createTreePainter } from './tree-painter.ts';
import { nextTreeState } from './tree-state.ts';
import type { TreeState } from './tree-state.ts';

export interface ProgressView {
  update(answer: OperationOutput<'run.watch'>): void;
  /** Prints lasting text without tearing the tree. */
  above(print: () => void): void;
  close(): void;
}

export interface ProgressOptions {
  session: Session;
  clock: Clock;
  kind: Exclude<ProgressKind, 'auto'>;
  /** Lines of plain and json progress: the answer of a watch, beside the answer of other commands. */
  linesTo: 'out' | 'err';
  /** Said in the tree's footer. */
  hint: string;
}

const FIRST_PAINT_MS = 400;
const PAINT_MS = 100;
const HEARTBEAT_MS = 30_000;

export function openProgress(options: ProgressOptions): ProgressView {
  switch (options.kind) {
    case 'tree':
      return treeProgress(options);
    case 'plain':
      return lineProgress(options, (event, runId) => plainLine(event, runId));
    case 'json':
      return lineProgress(options, (event) => JSON.stringify(event));
    case 'none':
      return {
        update: () => undefined,
        above: (print) => {
          print();
        },
        close: () => undefined,
      };
    default:
      return options.kind satisfies never;
  }
}

function treeProgress({ session, clock, hint }: ProgressOptions): ProgressView {
  const { err } = session.terminal;
  const painter = createTreePainter((text) => {
    err.write(text);
  });
  const look = {
    glyphs: session.settings.ascii ? asciiGlyphs : unicodeGlyphs,
    paint: paintFor(hasColor(session, err)),
    hint,
  };
  const began = clock.mono();
  let state: TreeState | undefined;
  const lines = (now: TreeState): string[] =>
    renderTree(now, { ...look, columns: err.columns(), rows: err.rows(), nowMs: clock.now() });
  const timer = setInterval(() => {
    if (state !== undefined && clock.mono() - began >= FIRST_PAINT_MS) painter.paint(lines(state));
  }, PAINT_MS);
  return {
    update: (answer) => {
      state = nextTreeState(state, answer);
    },
    above: (print) => {
      painter.above(print);
    },
    close: () => {
      clearInterval(timer);
      painter.finish(state === undefined ? undefined : lines(state));
    },
  };
}

type Wording = (
  event: OperationOutput<'run.watch'>['events'][number],
  runId: string,
) => string | undefined;

function lineProgress(
  { session, clock, linesTo, kind }: ProgressOptions,
  word: Wording,
): ProgressView {
  const stream = session.terminal[linesTo];
  let newest: OperationOutput<'run.watch'>['run'] | undefined;
  const told = new Set<string>();
  let saidAt = clock.mono();
  const say = (line: string): void => {
    saidAt = clock.mono();
    stream.write(`${line}\n`);
  };
  const timer = setInterval(() => {
    if (newest === undefined || clock.mono() - saidAt < HEARTBEAT_MS) return;
    if (kind === 'plain') say(heartbeatLine(newest, clock.now()));
  }, HEARTBEAT_MS / 10);
  return {
    update: (answer) => {
      newest = answer.run;
      // Together in the order of their time: a signal says what went on between two facts.
      const all = [...answer.events, ...answer.signals].toSorted((a, b) => a.atMs - b.atMs);
      for (const event of all) {
        const line = word(event, answer.run.id);
        if (line !== undefined) say(line);
      }
      if (kind !== 'plain') return;
      for (const approval of answer.run.approvals) {
        if (told.has(approval.id)) continue;
        told.add(approval.id);
        say(approvalLine(approval, answer.run.id));
      }
    },
    above: (print) => {
      print();
    },
    close: () => {
      clearInterval(timer);
    },
  };
}
