// The oracle over workflows can fail: each fault is planted once into rows that are otherwise right.

import { expect, test } from 'vitest';
import { eventTypes } from '../../src/contract/events.ts';
import { formatId } from '../../src/contract/ids.ts';
import { runStates, taskStates } from '../../src/contract/states.ts';
import { judgeFlows } from './flow-oracle.ts';
import { flowPlan } from './flow-plan.ts';
import type { LedgerRecord } from './ledger.ts';
import type { JournalRow, Rows, RunRow, TaskRow } from './oracle-rows.ts';

const PID = 7;
const RUN = 1;
const flows = { seed: 2, kind: 'undo' } as const;
const bytes = (n: number): Uint8Array => new Uint8Array(16).fill(n);
const taskId = (n: number): string => formatId('task', bytes(n));
const runId = formatId('run', bytes(200));

interface Scene {
  rows: Rows;
  records: LedgerRecord[];
}

/** The run of job 0: it failed at its end and was undone; every agent had one step and one effect of `ask`. */
function goodScene(): Scene {
  const { graph, succeeded, loops } = flowPlan({ ...flows, job: 0 });
  const at = (name: string): number =>
    graph.nodes.findIndex((node) => node.id === name.split('#')[0]);
  const forward = succeeded.filter((name) => !name.startsWith('undo-'));
  forward.sort((a, b) => at(a) - at(b) || (a < b ? -1 : 1));
  const back = forward.map((name) => `undo-${name}`).filter((name) => succeeded.includes(name));
  const tasks = [...forward, ...back.toReversed()].map((name, i): TaskRow => {
    const [node = '', item] = name.split('#');
    return {
      key: i + 1,
      id: bytes(i + 1),
      tenant: 1,
      run: RUN,
      node,
      item: item === undefined ? null : Number(item),
      state: taskStates.succeeded,
      reason: 'none',
      result: JSON.stringify({ token: `t${i + 1}`, steps: { 'step-0': `s${i + 1}` } }),
      error: null,
      fence: 1,
      lease_until_ms: null,
      idem: null,
      created_ms: 10 * i,
      ended_ms: 10 * i + 5,
    };
  });
  const events = [
    { type: eventTypes['run.started'], task: null },
    ...tasks.map((task) => ({ type: eventTypes['task.completed'], task: task.id })),
    { type: eventTypes['run.failed'], task: null },
  ].map((event, i) => ({ ...event, tenant: 1, run: bytes(200), seq: i + 1 }));
  const run: RunRow = {
    key: RUN,
    id: bytes(200),
    tenant: 1,
    state: runStates.failed,
    version: 3,
    seq: events.length,
    progress: '',
    idem: 'job-0',
    parent_task: null,
  };
  const children = Object.entries(loops).flatMap(([node, times]) =>
    Array.from({ length: times }, (_, i): RunRow => ({
      ...run,
      key: 100 + i,
      id: bytes(100 + i),
      state: runStates.completed,
      seq: 0,
      idem: null,
      parent_task: tasks.find((task) => task.node === node)?.key ?? 0,
    })),
  );
  return {
    rows: {
      tasks,
      runs: [run, ...children],
      events,
      attempts: [],
      caps: [],
      journal: tasks.flatMap(journalOf),
    },
    records: [{ kind: 'acked', pid: PID, job: 0, id: runId }, ...tasks.flatMap(recordsOf(tasks))],
  };
}

const keyOf = (task: TaskRow): string => `${taskId(task.key)}:effect-1`;

function journalOf(task: TaskRow): JournalRow[] {
  const base = { task: task.key, subject: null };
  const result = JSON.stringify(`s${task.key}`);
  return [
    { ...base, name: 'step-0', kind: 'step', result },
    { ...base, name: 'effect:effect-1', kind: 'effect', result: '{}', subject: keyOf(task) },
  ];
}

function recordsOf(tasks: readonly TaskRow[]): (task: TaskRow) => LedgerRecord[] {
  return (task) => {
    const id = taskId(task.key);
    const base = { pid: PID, task: id, token: `t${task.key}` };
    const undone = tasks.find((each) => `undo-${each.node}` === task.node);
    return [
      { kind: 'begin', attempt: 1, ...base },
      { kind: 'step', ...base, token: `s${task.key}` },
      {
        kind: 'effect',
        ...base,
        key: keyOf(task),
        mode: 'ask',
        steps: { 'step-0': `s${task.key}` },
      },
      ...(undone === undefined
        ? []
        : [{ kind: 'undo' as const, ...base, run: runId, token: `t${undone.key}`, key: `u${id}` }]),
    ];
  };
}

function problemsOf(spoil: (scene: Scene) => unknown, isUnfinished = false): string {
  const scene = goodScene();
  spoil(scene);
  const input = { ledger: '', jobs: 1, flows, isUnfinished };
  return judgeFlows(scene.rows, scene.records, input).problems.join('\n');
}

const first = ({ rows }: Scene): TaskRow => rows.tasks[0] as TaskRow;
const top = ({ rows }: Scene): RunRow => rows.runs[0] as RunRow;
const find = <K extends LedgerRecord['kind']>(scene: Scene, kind: K) =>
  scene.records.find((record) => record.kind === kind) as Extract<LedgerRecord, { kind: K }>;
const undos = (scene: Scene) => scene.records.filter((record) => record.kind === 'undo');
const step = ({ rows }: Scene): JournalRow => rows.journal[0] as JournalRow;

test('what is right is not blamed', () => {
  expect(problemsOf(() => undefined)).toBe('');
});

const faults: readonly (readonly [string, RegExp, (scene: Scene) => unknown])[] = [
  ['I1: an acknowledged run is gone', /I1/, ({ rows }) => rows.runs.shift()],
  ['I5: a gap', /I5/, ({ rows }) => rows.events.splice(2, 1)],
  ['F1: a step changed', /F1.*journal says/, (scene) => (step(scene).result = '"s2"')],
  ['F1: a step is gone', /F1.*nothing/, ({ rows }) => rows.journal.shift()],
  ['F1: a step that nobody gave', /F1: nobody/, (scene) => (find(scene, 'step').token = 'other')],
  [
    'I3: an effect twice',
    /I3.*2 times/,
    (scene) => scene.records.push({ ...find(scene, 'effect'), pid: 8 }),
  ],
  [
    'I3: an effect that never happened',
    /I3.*never/,
    (scene) => scene.records.splice(scene.records.indexOf(find(scene, 'effect')), 1),
  ],
  [
    'I3: an open effect in a task that succeeded',
    /I3.*open/,
    ({ rows }) => Object.assign(rows.journal[1] as JournalRow, { result: null }),
  ],
  [
    'I6: a run that stands still',
    /I6.*not finished/,
    (scene) => (top(scene).state = runStates.running),
  ],
  [
    'I6: a wait without anything to wait for',
    /I6.*for ever/,
    (scene) => Object.assign(first(scene), { state: taskStates.waiting, reason: 'event' }),
  ],
  [
    'a live task in a run that ended',
    /live task/,
    (scene) => (first(scene).state = taskStates.ready),
  ],
  ['F4: another end', /F4.*instead of failed/, (scene) => (top(scene).state = runStates.cancelled)],
  ['F4: a lost node', /F4: of/, ({ rows }) => rows.tasks.pop()],
  ['F4: a node twice', /F4: of/, (scene) => scene.rows.tasks.push({ ...first(scene), key: 99 })],
  [
    'F5: undone in another order',
    /F5/,
    (scene) => {
      const [a, b] = undos(scene);
      if (a === undefined || b === undefined) throw new Error('the scene has two');
      [a.token, b.token] = [b.token, a.token];
    },
  ],
  [
    'F5: not all undone',
    /F5/,
    (scene) => scene.records.splice(scene.records.indexOf(undos(scene).at(-1) as LedgerRecord), 1),
  ],
  [
    'F5: a run that is complete was undone',
    /F5.*complete/,
    (scene) => (top(scene).state = runStates.completed),
  ],
];

for (const [what, says, spoil] of faults) {
  test(`it sees: ${what}`, () => {
    expect(problemsOf(spoil)).toMatch(says);
  });
}

test('right after a crash, it sees a run that nothing will move again', () => {
  const stop = (scene: Scene): unknown => (top(scene).state = runStates.running);
  expect(problemsOf(stop, true)).toMatch(/I6.*could go on/);
});

/** A plan with a map and a loop, and a run of it that ended well. */
function loopsAndWindow(spoil: (rows: Rows) => unknown): string {
  const kind = 'mixed';
  for (let seed = 1; seed < 200; seed++) {
    const plan = flowPlan({ seed, job: 0, kind });
    const map = plan.graph.nodes.find((node) => node.kind === 'map');
    const [loop] = Object.entries(plan.loops);
    if (map === undefined || loop === undefined) continue;
    const scene = goodScene();
    const run = { ...top(scene), state: runStates.completed };
    const names = plan.succeeded.filter(
      (name) => plan.loops[name] !== undefined || name.startsWith(`${map.id}#`),
    );
    const tasks = names.map((name, i) => {
      const [node = '', item] = name.split('#');
      const index = item === undefined ? null : Number(item);
      return {
        ...first(scene),
        key: i + 1,
        id: bytes(i + 1),
        node,
        item: index,
        created_ms: 10 * i,
        ended_ms: 10 * i + 10,
      };
    });
    const children = Object.entries(plan.loops).flatMap(([node, times]) =>
      Array.from({ length: times }, () => ({
        ...run,
        idem: null,
        parent_task: tasks.find((task) => task.node === node)?.key ?? 0,
      })),
    );
    const rows: Rows = { ...scene.rows, tasks, runs: [run, ...children], journal: [] };
    spoil(rows);
    return judgeFlows(rows, [], { ledger: '', jobs: 1, flows: { seed, kind } })
      .problems.filter((problem) => /^F[67]/.test(problem))
      .join('\n');
  }
  throw new Error('no seed gives a map and a loop');
}

test('it sees a window that was exceeded and a loop that ran too often', () => {
  expect(loopsAndWindow(() => undefined)).toBe('');
  expect(loopsAndWindow((rows) => rows.tasks.forEach((task) => (task.ended_ms = 9_999)))).toMatch(
    /F6/,
  );
  expect(loopsAndWindow((rows) => rows.runs.push(rows.runs.at(-1) as RunRow))).toMatch(/F7/);
});
