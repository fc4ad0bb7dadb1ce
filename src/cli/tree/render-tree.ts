/**
 * The task tree as lines of text: a pure function of state, size and time.
 * I1: at most rows - 2 lines, so that a repaint never scrolls. I2: no line is wider than the terminal, or it would
 * wrap and break the repaint. I3: names of others cannot move the cursor. I4: failures are the last thing to be left out.
 */
import type { NodeView, RunView, TaskSummary, Tone } from '../../contract/index.ts';
import type { Glyphs } from '../output/glyphs.ts';
import { shortDuration } from '../output/durations.ts';
import { cut, oneLine, safeLines } from '../output/plain-text.ts';
import type { Paint } from '../output/paint.ts';
import type { TreeState } from './tree-state.ts';

export interface TreeFrame {
  columns: number;
  rows: number;
  nowMs: number;
  glyphs: Glyphs;
  paint: Paint;
  /** What Ctrl+C does, e.g. 'Ctrl+C stops'. */
  hint: string;
}

/** Lines of a failure's message that stay open. */
const FAILURE_LINES = 5;
/** The spinner turns this often; repaints are bounded elsewhere. */
const SPIN_MS = 100;
/** Before this many tasks are done a forecast is a guess. */
const MIN_DONE_FOR_ETA = 3;

interface Line {
  text: string;
  tone?: Tone;
}

export function renderTree(state: TreeState, frame: TreeFrame): string[] {
  const { run } = state;
  const room = Math.max(1, frame.rows - 2);
  const header = headerLine(run, frame);
  const footer = footerLine(run, frame);
  const body = bodyLines(state, frame, Math.max(0, room - 2));
  const lines = [header, ...body, footer].slice(-room);
  return lines.map((line) => show(line, frame));
}

/** Cut first, coloured after: a cut must not split an escape sequence. */
function show({ text, tone }: Line, { columns, glyphs, paint }: TreeFrame): string {
  const short = cut(text, columns - 1, glyphs.more);
  return tone === undefined ? short : paint.tone(tone, short);
}

function headerLine(run: RunView, frame: TreeFrame): Line {
  const elapsed = shortDuration((run.endedMs ?? frame.nowMs) - (run.startedMs ?? run.createdMs));
  const mark = run.endedMs === null ? spinner(frame) : markOf(run.state, frame);
  const text = `${mark} ${oneLine(run.title)}  ${run.label.text.toLowerCase()}  ${elapsed}`;
  return { text, tone: run.label.tone };
}

function footerLine(run: RunView, frame: TreeFrame): Line {
  const { counts } = run;
  const done = counts.succeeded + counts.skipped + counts.cancelled + counts.failed;
  const parts = [`${done}/${counts.total} done`, `${counts.running} running`];
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  const eta = etaMs(run, frame.nowMs);
  if (eta !== undefined) parts.push(`ETA ${shortDuration(eta)}`);
  if (run.endedMs === null) parts.push(frame.hint);
  return {
    text: parts.join(frame.glyphs.separator === '|' ? ', ' : ` ${frame.glyphs.separator} `),
  };
}

/** Only from a real rate: done so far against what is known to be left. */
function etaMs({ counts, startedMs, endedMs }: RunView, nowMs: number): number | undefined {
  const left = counts.waiting + counts.running;
  if (startedMs === null || endedMs !== null || left === 0) return undefined;
  if (counts.succeeded < MIN_DONE_FOR_ETA) return undefined;
  return ((nowMs - startedMs) / counts.succeeded) * left;
}

/** Failures and approvals first in right to a place, then what runs, then the nodes' counts. Shown in the order of the graph. */
function bodyLines(state: TreeState, frame: TreeFrame, room: number): Line[] {
  const { run } = state;
  const failures = [
    ...run.failures.map((task) => failureLines(task, frame)),
    ...run.approvals.map(approvalLines),
  ];
  const active = run.active.map((task) => activeLine(task, state, frame));
  let left = room;
  const keptFailures = takeGroups(failures, left);
  left -= keptFailures.flat().length;
  const keptActive = take(active, left, (missing) => ({
    text: `    ${frame.glyphs.more} ${missing + Math.max(0, run.counts.running - run.active.length)} more running`,
  }));
  left -= keptActive.length;
  const keptNodes = take(nodeLines(run.nodes, left, frame), left, (missing) => ({
    text: `  ${frame.glyphs.more} ${missing} more nodes`,
  }));
  return [...keptNodes, ...keptActive, ...keptFailures.flat()];
}

function take(lines: readonly Line[], room: number, rest: (missing: number) => Line): Line[] {
  if (lines.length <= room) return [...lines];
  if (room <= 0) return [];
  return [...lines.slice(0, room - 1), rest(lines.length - room + 1)];
}

function takeGroups(groups: readonly (readonly Line[])[], room: number): (readonly Line[])[] {
  const kept: (readonly Line[])[] = [];
  let used = 0;
  for (const group of groups) {
    const shown = used + group.length <= room ? group : group.slice(0, 1);
    if (used + shown.length > room) break;
    used += shown.length;
    kept.push(shown);
  }
  return kept;
}

const nodeTones: Readonly<Record<NodeView['state'], Tone>> = {
  pending: 'neutral',
  waiting: 'neutral',
  running: 'active',
  completed: 'success',
  failed: 'danger',
  cancelled: 'neutral',
  skipped: 'neutral',
};

/** When there is no room for all, the completed ones become one line: what is still to do stays in sight. */
function nodeLines(nodes: readonly NodeView[], room: number, frame: TreeFrame): Line[] {
  const open = nodes.filter(({ state }) => state !== 'completed');
  const completed = nodes.length - open.length;
  if (nodes.length <= room || completed < 2) return nodes.map((node) => nodeLine(node, frame));
  const count: Line = {
    text: `  ${frame.glyphs.done} ${completed} nodes completed`,
    tone: 'success',
  };
  return [count, ...open.map((node) => nodeLine(node, frame))];
}

function nodeLine(node: NodeView, frame: TreeFrame): Line {
  const { counts, state } = node;
  const mark = state === 'running' ? spinner(frame) : markOf(state, frame);
  const progress = counts.total > 1 ? ` ${counts.succeeded}/${counts.total}` : '';
  const failed = counts.failed > 0 ? `, ${counts.failed} failed` : '';
  return { text: `  ${mark} ${oneLine(node.title)}${progress}${failed}`, tone: nodeTones[state] };
}

function activeLine(task: TaskSummary, { startedMs, said }: TreeState, frame: TreeFrame): Line {
  const began = task.startedMs ?? startedMs.get(task.id);
  const words = said?.get(task.id) ?? '';
  const elapsed = began === undefined ? '' : `  ${shortDuration(frame.nowMs - began)}`;
  const agent = task.agent === null ? '' : `  ${oneLine(task.agent)}`;
  const progress = words === '' ? '' : `  ${words}`;
  return { text: `    ${spinner(frame)} ${oneLine(task.name)}${agent}${elapsed}${progress}` };
}

/** Stays in sight as failures do: without a person nothing goes on. */
function approvalLines({ id, message }: RunView['approvals'][number]): Line[] {
  return [
    { text: `    ? ${oneLine(message)}`, tone: 'magenta' },
    { text: `        hive approval approve ${id}` },
  ];
}

function failureLines(task: TaskSummary, frame: TreeFrame): Line[] {
  const code = task.error === null ? '' : ` (${oneLine(task.error.code)})`;
  const message = task.error === null ? [] : safeLines(task.error.message).slice(-FAILURE_LINES);
  return [
    { text: `    ${frame.glyphs.failed} ${oneLine(task.name)}${code}`, tone: 'danger' },
    ...message.map((text): Line => ({ text: `        ${text}` })),
  ];
}

function spinner({ glyphs, nowMs }: TreeFrame): string {
  return glyphs.running[Math.floor(nowMs / SPIN_MS) % glyphs.running.length] ?? '';
}

function markOf(state: NodeView['state'] | RunView['state'], { glyphs }: TreeFrame): string {
  switch (state) {
    case 'completed':
      return glyphs.done;
    case 'failed':
      return glyphs.failed;
    case 'running':
    case 'pending':
    case 'paused':
    case 'waiting':
      return glyphs.waiting;
    case 'cancelled':
    case 'skipped':
      return glyphs.skipped;
    default:
      return state satisfies never;
  }
}
