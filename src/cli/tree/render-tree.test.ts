import { describe, expect, test } from 'vitest';
import type { NodeView } from '../../contract/index.ts';
import { asciiGlyphs, unicodeGlyphs } from '../output/glyphs.ts';
import { columnsOf } from '../output/plain-text.ts';
import { paintFor } from '../output/paint.ts';
import { aRun, aTask } from '../testing.ts';
import { createTreePainter } from './tree-painter.ts';
import { renderTree } from './render-tree.ts';
import type { TreeFrame } from './render-tree.ts';
import { nextTreeState } from './tree-state.ts';

const nowMs = Date.UTC(2026, 0, 1, 10) + 12_000;
const frame = (fields: Partial<TreeFrame> = {}): TreeFrame => ({
  columns: 60,
  rows: 24,
  nowMs,
  glyphs: asciiGlyphs,
  paint: paintFor(false),
  hint: 'Ctrl+C stops',
  ...fields,
});
const none = {
  total: 0,
  waiting: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
};
const node = (fields: Partial<NodeView>): NodeView => ({
  id: 'n',
  title: 'n',
  kind: 'agent',
  state: 'waiting',
  counts: none,
  ...fields,
});
const started = new Map<string, number>();

const run = aRun({
  counts: { ...none, total: 40, waiting: 24, running: 3, succeeded: 12, failed: 1 },
  nodes: [
    node({ title: 'Inventory', state: 'completed', counts: { ...none, total: 1, succeeded: 1 } }),
    node({
      title: 'Secrets',
      state: 'running',
      counts: { ...none, total: 30, succeeded: 11, failed: 1 },
    }),
    node({ title: 'Report' }),
  ],
  active: [
    aTask({ name: 'Secrets 12' }),
    aTask({ name: 'Secrets 13', startedMs: null, agent: null }),
  ],
  failures: [
    aTask({
      name: 'Secrets 9',
      state: 'failed',
      error: { code: 'AGENT_THREW', kind: 'retry', message: '1\n2\n3\n4\n5\n6', advice: '' },
    }),
  ],
});

describe('the tree', () => {
  test('shows nodes with counts, what runs, failures with their last lines, and a footer', () => {
    expect(renderTree({ run, startedMs: started }, frame()).join('\n')).toMatchInlineSnapshot(`
      "| Inspect /work  running  12.0s
        + Inventory
        | Secrets 11/30, 1 failed
        . Report
          | Secrets 12  analyst  12.0s
          | Secrets 13
          x Secrets 9 (AGENT_THREW)
              2
              3
              4
              5
              6
      13/40 done, 3 running, 1 failed, ETA 27.0s, Ctrl+C stops"
    `);
  });

  test('is never higher than the screen less two lines, and failures go last', () => {
    for (let rows = 3; rows < 30; rows++) {
      const lines = renderTree({ run, startedMs: started }, frame({ rows }));
      expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 2));
      if (rows >= 5) expect(lines.join('\n')).toContain('Secrets 9');
    }
  });

  test('without room for every node the completed ones become one line', () => {
    const done = (title: string) => node({ title, state: 'completed' });
    const nodes = [
      done('a'),
      done('b'),
      done('c'),
      node({ title: 'd', state: 'running' }),
      node({ title: 'e' }),
    ];
    const lines = renderTree({ run: aRun({ nodes }), startedMs: started }, frame({ rows: 7 }));
    expect(lines.slice(1, -1)).toEqual(['  + 3 nodes completed', '  | d', '  . e']);
  });

  test('no line is as wide as the terminal, whatever the names are', () => {
    const wide = aRun({ title: '検査'.repeat(60), active: [aTask({ name: '🚀'.repeat(50) })] });
    for (const columns of [10, 20, 61]) {
      for (const line of renderTree(
        { run: wide, startedMs: started },
        frame({ columns, glyphs: unicodeGlyphs }),
      )) {
        expect(columnsOf(line)).toBeLessThan(columns);
      }
    }
  });

  test('hostile names cannot move the cursor or add lines', () => {
    const evil = 'a\u001b[2J\u001b]0;x\u0007\nb\u009b1A\u202e';
    const hostile = aRun({
      title: evil,
      nodes: [node({ title: evil })],
      active: [aTask({ name: evil, agent: evil })],
      failures: [
        aTask({ name: evil, error: { code: evil, kind: 'stop', message: evil, advice: '' } }),
      ],
    });
    for (const line of renderTree({ run: hostile, startedMs: started }, frame())) {
      expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    }
  });

  test('a finished run collapses to its counts', () => {
    const done = aRun({ state: 'completed', counts: { ...none, total: 3, succeeded: 3 } });
    expect(renderTree({ run: done, startedMs: started }, frame())).toEqual([
      '+ Inspect /work  completed  4.2s',
      '3/3 done, 0 running',
    ]);
  });
});

test('start times come from signals until the row has them, and go with their task', () => {
  const task = aTask({ startedMs: null });
  const signal = {
    type: 'task.started',
    cursor: null,
    atMs: 5,
    runId: null,
    taskId: task.id,
    seq: null,
    data: {},
  };
  const answer = {
    run: aRun({ active: [task] }),
    events: [],
    signals: [signal],
    cursor: null,
    heard: 0,
    mark: 'm',
    isOver: false,
  };
  const first = nextTreeState(undefined, answer);
  expect([...first.startedMs]).toEqual([[task.id, 5]]);
  expect([...nextTreeState(first, { ...answer, signals: [] }).startedMs]).toEqual([[task.id, 5]]);
  expect(nextTreeState(first, { ...answer, run: aRun(), signals: [] }).startedMs.size).toBe(0);
});

describe('the painter', () => {
  test('repaints over its own lines, only on change, and keeps lasting lines above', () => {
    const written: string[] = [];
    const painter = createTreePainter((text) => written.push(text));
    painter.paint(['a', 'b']);
    painter.paint(['a', 'b']);
    painter.paint(['c']);
    painter.above(() => written.push('lasting\n'));
    painter.finish(['end']);
    painter.finish(undefined);
    expect(written).toEqual([
      'a\nb\n',
      '\u001b[2F\u001b[0Jc\n',
      '\u001b[1F\u001b[0J',
      'lasting\n',
      'c\n',
      '\u001b[1F\u001b[0Jend\n',
    ]);
  });
});
