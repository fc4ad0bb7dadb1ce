// The oracle itself can fail: each fault is planted once into rows that are otherwise right.

import { expect, test } from 'vitest';
import { formatId } from '../../src/contract/ids.ts';
import { eventTypes } from '../../src/contract/events.ts';
import { runStates, taskStates } from '../../src/contract/states.ts';
import type { LedgerRecord } from './ledger.ts';
import { judge } from './oracle.ts';
import type { Rows, TaskRow } from './oracle-rows.ts';

interface Scene {
  rows: Rows;
  records: LedgerRecord[];
}

const bytes = (n: number): Uint8Array => new Uint8Array(16).fill(n);
const taskId = (n: number): string => formatId('task', bytes(n));
const PID = 7;

function taskRow(key: number, over: Partial<TaskRow> = {}): TaskRow {
  const result = JSON.stringify({ token: `t${key}`, stepToken: `t${key}` });
  return {
    key,
    id: bytes(key),
    tenant: 1,
    run: null,
    node: null,
    item: null,
    state: taskStates.succeeded,
    reason: 'none',
    result,
    error: null,
    fence: 1,
    lease_until_ms: null,
    idem: null,
    created_ms: 1,
    ended_ms: 2,
    ...over,
  };
}

/** Job 0 is a run of six tasks, job 1 a single task; all is well. */
function goodScene(): Scene {
  const nodes = [
    ['a', null],
    ['b', null],
    ['c', null],
    ['m', 0],
    ['m', 1],
    ['m', 2],
  ] as const;
  const tasks = [
    ...nodes.map(([node, item], i) => taskRow(i + 1, { run: 1, node, item })),
    taskRow(7, { idem: 'job-1', fence: 2 }),
  ];
  const run = bytes(100);
  const ends = tasks.map((task, i) => ({
    tenant: 1,
    type: eventTypes['task.completed'],
    run: task.run === null ? null : run,
    task: task.id,
    seq: task.run === null ? null : i + 2,
  }));
  return {
    rows: {
      tasks,
      runs: [
        {
          key: 1,
          id: run,
          tenant: 1,
          state: runStates.completed,
          version: 7,
          seq: 8,
          progress: '',
          idem: 'job-0',
          parent_task: null,
        },
      ],
      attempts: [{ task: 7, tenant: 1, fence: 1, outcome: 'lost' }],
      events: [
        { tenant: 1, type: eventTypes['run.started'], run, task: null, seq: 1 },
        ...ends,
        { tenant: 1, type: eventTypes['run.completed'], run, task: null, seq: 8 },
      ],
      caps: [{ subject: 'tenant', running: 0 }],
      journal: [],
    },
    records: [
      { kind: 'acked', pid: PID, job: 0, id: formatId('run', run) },
      { kind: 'acked', pid: PID, job: 1, id: taskId(7) },
      { kind: 'begin', pid: PID, task: taskId(7), attempt: 1, token: 'lost' },
      ...tasks.flatMap((task): LedgerRecord[] => [
        { kind: 'begin', pid: PID, task: taskId(task.key), attempt: 1, token: `t${task.key}` },
        { kind: 'step', pid: PID, task: taskId(task.key), token: `t${task.key}` },
      ]),
      {
        kind: 'page',
        pid: PID,
        reader: 'r',
        cursor: '9',
        events: 9,
        ended: tasks.map((task) => taskId(task.key)),
      },
    ],
  };
}

function problemsOf(spoil: (scene: Scene) => unknown): string[] {
  const scene = goodScene();
  spoil(scene);
  return judge(scene.rows, scene.records, { ledger: '', jobs: 2 }).problems;
}

/** The task of job 1 and its end. */
const single = (scene: Scene): TaskRow => scene.rows.tasks[6] ?? taskRow(0);
const endOf = (scene: Scene, key: number): number =>
  scene.rows.events.findIndex((event) => event.task !== null && event.task[0] === key);

test('what is right is not blamed', () => {
  expect(problemsOf(() => undefined)).toEqual([]);
});

const faults: readonly (readonly [what: string, says: RegExp, spoil: (scene: Scene) => unknown])[] =
  [
    ['I1: an acknowledged task is gone', /I1.*job 1/, ({ rows }) => rows.tasks.pop()],
    ['I1: an acknowledged run is gone', /I1.*job 0/, ({ rows }) => rows.runs.pop()],
    [
      'I1: a job is there twice',
      /I1.*job 1/,
      (scene) => (
        (single(scene).idem = 'job-1'),
        scene.rows.tasks.push(taskRow(8, { idem: 'job-1' }))
      ),
    ],
    [
      'I1: a job was never acknowledged',
      /I1: 1 of 2/,
      (scene) =>
        (scene.records = scene.records.filter(
          (record) => record.kind !== 'acked' || record.job !== 1,
        )),
    ],
    [
      'I1: one job, two ids',
      /I1.*and as/,
      (scene) => scene.records.push({ kind: 'acked', pid: PID, job: 1, id: taskId(9) }),
    ],
    [
      'I2: a settled task began again',
      /began again/,
      (scene) =>
        scene.records.push({ kind: 'begin', pid: PID, task: taskId(7), attempt: 3, token: 'x' }),
    ],
    [
      'I2: more executions than attempts explain',
      /began 2 times/,
      (scene) => (scene.rows.attempts = []),
    ],
    [
      'I2: two ends of one task',
      /with 2 end events/,
      (scene) =>
        scene.rows.events.push({
          tenant: 1,
          type: eventTypes['task.failed'],
          run: null,
          task: bytes(7),
          seq: null,
        }),
    ],
    [
      'I2: no end event',
      /with 0 end events/,
      (scene) => scene.rows.events.splice(endOf(scene, 7), 1),
    ],
    [
      'I2: an end event of a task that goes on',
      /and has an end event/,
      (scene) => (single(scene).state = taskStates.ready),
    ],
    [
      'I2: a result that nobody gave',
      /no execution/,
      (scene) => (single(scene).result = '{"token":"other","stepToken":"t7"}'),
    ],
    [
      'I2: a step result that nobody gave',
      /step result/,
      (scene) => (single(scene).result = '{"token":"t7","stepToken":"other"}'),
    ],
    [
      'I4: two attempts of one fence',
      /I4/,
      (scene) => scene.rows.attempts.push({ task: 7, tenant: 1, fence: 1, outcome: 'lost' }),
    ],
    ['I4: a fence that fell', /I4.*below/, (scene) => (single(scene).fence = 0)],
    ['I5: a gap', /I5/, (scene) => scene.rows.events.splice(2, 1)],
    [
      'I5: a sequence given twice',
      /I5/,
      (scene) =>
        scene.rows.events.push({
          tenant: 1,
          type: eventTypes['run.started'],
          run: bytes(100),
          task: null,
          seq: 3,
        }),
    ],
    [
      'I6: a task that nobody works on',
      /I6.*leased/,
      (scene) => (single(scene).state = taskStates.leased),
    ],
    [
      'I6: a run that stands still',
      /I6.*not finished/,
      ({ rows }) => Object.assign(rows.runs[0] ?? {}, { state: runStates.running }),
    ],
    [
      'I7: a task of another tenant in a run',
      /I7/,
      ({ rows }) => Object.assign(rows.tasks[0] ?? {}, { tenant: 2 }),
    ],
    [
      'I7: an event of another tenant',
      /I7/,
      ({ rows }) => Object.assign(rows.events[0] ?? {}, { tenant: 2 }),
    ],
    [
      'I8: an end that never reached the reader',
      /I8.*never/,
      (scene) => Object.assign(scene.records.at(-1) ?? {}, { ended: [] }),
    ],
    [
      'I8: an end that was read twice',
      /I8.*twice/,
      (scene) =>
        scene.records.push({
          kind: 'page',
          pid: PID,
          reader: 'r',
          cursor: '10',
          events: 1,
          ended: [taskId(7)],
        }),
    ],
    [
      'I10: nearly everything failed',
      /I10/,
      ({ rows }) => rows.tasks.forEach((task) => (task.state = taskStates.failed)),
    ],
    ['a lost join', /complete with/, ({ rows }) => rows.tasks.splice(2, 1)],
    [
      'a node that ran twice',
      /node twice/,
      ({ rows }) => rows.tasks.push(taskRow(8, { run: 1, node: 'c' })),
    ],
    [
      'a cancellation that nobody asked for',
      /nobody asked/,
      (scene) => Object.assign(single(scene), { state: taskStates.cancelled, reason: 'user' }),
    ],
    [
      'a dead task without crashes',
      /dead without/,
      (scene) => (single(scene).state = taskStates.dead),
    ],
    [
      'a cap that leaks',
      /cap tenant/,
      ({ rows }) => Object.assign(rows.caps[0] ?? {}, { running: 1 }),
    ],
    ['a lease that stays', /still has a lease/, (scene) => (single(scene).lease_until_ms = 5)],
  ];

for (const [what, says, spoil] of faults) {
  test(`it sees: ${what}`, () => {
    const problems = problemsOf(spoil);
    expect(problems.join('\n')).toMatch(says);
  });
}

test('what a zombie began is not counted against its task', () => {
  const scene = goodScene();
  scene.records.push({ kind: 'begin', pid: 666, task: taskId(7), attempt: 2, token: 'zombie' });
  expect(
    judge(scene.rows, scene.records, { ledger: '', jobs: 2, zombies: [666] }).problems,
  ).toEqual([]);
  expect(judge(scene.rows, scene.records, { ledger: '', jobs: 2 }).problems).not.toEqual([]);
});
