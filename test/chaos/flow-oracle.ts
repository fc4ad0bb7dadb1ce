// The oracle over workflows: what must hold of runs with steps, effects, waits, children and compensation, whatever died in between.
// F1 (I2) a step result that an agent knew after a barrier is the one in the journal for ever, and some execution gave it. F2 (I3) an effect of
// `check` and `ask` reached its receiver once, or once more per time that a person said so; none that is recorded as done is missing there. F3 (I6)
// nothing is stuck, at no moment; in the end nothing lives. F4 each run ended as planned, with exactly the tasks that the plan names; another end
// is excused only by a task that died of three crashes. F5 compensation undid what had success, each once, in exact reverse order. F6 the window of
// a map was kept. F7 a loop ran as often as it had to.

import { formatId } from '../../src/contract/ids.ts';
import { eventTypes } from '../../src/contract/events.ts';
import { runStateName, runStates, taskStateName, taskStates } from '../../src/contract/states.ts';
import { flowPlan } from './flow-plan.ts';
import type { FlowPlan } from './flow-plan.ts';
import type { LedgerRecord } from './ledger.ts';
import {
  groupBy,
  hex,
  judgeAcknowledged,
  judgeSequences,
  MAX_PROBLEMS,
  unsuccessful,
} from './oracle-judges.ts';
import type { OracleInput, OracleReport } from './oracle-judges.ts';
import type { Rows, RunRow, TaskRow } from './oracle-rows.ts';

type Say = (text: string) => void;
type FlowOracleInput = OracleInput & { flows: NonNullable<OracleInput['flows']> };

export function judgeFlows(
  rows: Rows,
  records: readonly LedgerRecord[],
  input: FlowOracleInput,
): OracleReport {
  const problems: string[] = [];
  const say: Say = (text) => {
    if (problems.length < MAX_PROBLEMS) problems.push(text);
  };
  judgeAcknowledged(rows, records, { input, say });
  judgeSequences(rows, say);
  judgeFences(rows, say);
  judgeSteps(rows, records, say);
  judgeEffects(rows, records, say);
  judgeAlive(rows, say);
  const isDead = withDeadTasks(rows);
  if (input.isUnfinished !== true) {
    judgeEnds(rows, { input, isDead, say });
    judgeLoopsAndWindows(rows, { input, isDead, say });
  }
  judgeUndone(rows, records, { input, isDead, say });
  for (const cap of rows.caps)
    if (cap.running !== 0 && input.isUnfinished !== true)
      say(`cap ${cap.subject} still counts ${cap.running}`);
  return {
    problems,
    unsuccessful: unsuccessful(rows.tasks),
    counts: {
      jobs: input.jobs,
      tasks: rows.tasks.length,
      runs: rows.runs.length,
      succeeded: rows.tasks.filter((task) => task.state === taskStates.succeeded).length,
      begins: records.filter((record) => record.kind === 'begin').length,
      attempts: rows.attempts.length,
      events: rows.events.length,
    },
  };
}

function judgeFences(rows: Rows, say: Say): void {
  for (const [key, attempts] of groupBy(rows.attempts, (attempt) => attempt.task)) {
    const fences = attempts.map((attempt) => attempt.fence);
    if (new Set(fences).size !== fences.length) say(`I4: task ${key} has fences ${fences.join()}`);
  }
}

/** F1 */
function judgeSteps(rows: Rows, records: readonly LedgerRecord[], say: Say): void {
  const keyOf = new Map(rows.tasks.map((task) => [formatId('task', task.id) as string, task.key]));
  const steps = new Map(
    rows.journal.flatMap((row) =>
      row.kind === 'step' && row.name.startsWith('step-')
        ? [[`${row.task}/${row.name}`, row.result] as const]
        : [],
    ),
  );
  const given = new Set(
    records.flatMap((record) => (record.kind === 'step' ? [JSON.stringify(record.token)] : [])),
  );
  const expectStep = (what: string, of: { task: number; name: string; token: string }): void => {
    const result = steps.get(`${of.task}/${of.name}`);
    if (result !== JSON.stringify(of.token))
      say(
        `F1: ${what} knew step ${of.name} as ${of.token}; the journal says ${result ?? 'nothing'}`,
      );
  };
  for (const record of records) {
    if (record.kind !== 'effect' && record.kind !== 'seen') continue;
    const task = keyOf.get(record.task);
    if (task === undefined) say(`I1: ${record.task} worked and is not there`);
    else
      for (const [name, token] of Object.entries(record.steps))
        expectStep(record.task, { task, name, token });
  }
  for (const [name, result] of steps)
    if (result === null || !given.has(result)) say(`F1: nobody gave ${result} as step ${name}`);
  const began = new Map(
    records.flatMap((record) => (record.kind === 'begin' ? [[record.token, record.task]] : [])),
  );
  for (const task of rows.tasks) {
    if (task.state !== taskStates.succeeded) continue;
    const id = formatId('task', task.id);
    const result = JSON.parse(task.result ?? 'null') as AgentResult | null;
    // Control nodes hand on what agents of their child runs gave.
    if (result?.token === undefined || began.get(result.token) !== id) continue;
    for (const [name, token] of Object.entries(result.steps))
      expectStep(`the result of ${id}`, { task: task.key, name, token });
  }
}

interface AgentResult {
  token?: string;
  steps: Record<string, string>;
}

/** F2 */
function judgeEffects(rows: Rows, records: readonly LedgerRecord[], say: Say): void {
  const posts = new Map<string, { count: number; mode: string }>();
  const allowed = new Map<string, number>();
  for (const record of records) {
    if (record.kind === 'effect')
      posts.set(record.key, {
        count: (posts.get(record.key)?.count ?? 0) + 1,
        mode: record.mode,
      });
    else if (record.kind === 'undo') posts.set(record.key, { count: 1, mode: 'repeat' });
    else if (record.kind === 'resolved' && record.resolution === 'retry')
      allowed.set(record.key, 1 + (allowed.get(record.key) ?? 0));
  }
  for (const [key, { count, mode }] of posts) {
    const most = mode === 'repeat' ? Infinity : 1 + (mode === 'ask' ? (allowed.get(key) ?? 0) : 0);
    if (count > most) say(`I3: the effect ${key} (${mode}) happened ${count} times`);
  }
  const stateOf = new Map(rows.tasks.map((task) => [task.key, task.state]));
  for (const row of rows.journal) {
    if (row.kind !== 'effect') continue;
    const isDone = row.result !== null;
    if (isDone && !posts.has(row.subject ?? ''))
      say(`I3: the effect ${row.subject} is recorded as done and never happened`);
    if (!isDone && stateOf.get(row.task) === taskStates.succeeded)
      say(`I3: the effect ${row.subject} is open in a task that succeeded`);
  }
}

/** F3: at any moment, also right after a crash. */
function judgeAlive(rows: Rows, say: Say): void {
  const byKey = new Map(rows.tasks.map((task) => [task.key, task]));
  const ofRun = groupBy(rows.tasks, (task) => task.run ?? -1);
  const open = new Set(
    rows.journal.flatMap((row) => (row.kind !== 'step' && row.result === null ? [row.task] : [])),
  );
  const canGoOn = (task: TaskRow): boolean => {
    const state = taskStateName(task.state);
    if (state === 'waiting')
      return task.reason === 'retry' || task.reason === 'delay' || open.has(task.key);
    return state === 'ready' || state === 'leased' || state === 'paused' || state === 'uncertain';
  };
  for (const run of rows.runs) {
    const tasks = ofRun.get(run.key) ?? [];
    const id = formatId('run', run.id);
    const isOver = run.state >= runStates.completed;
    if (!isOver && run.state !== runStates.paused && !tasks.some(canGoOn))
      say(`I6: ${id} has nothing that could go on: ${run.progress}`);
    if (isOver && tasks.some((task) => task.state < taskStates.succeeded))
      say(`${id} is ${runStateName(run.state)} and has a live task`);
  }
  for (const task of rows.tasks)
    if (task.state < taskStates.succeeded && !canGoOn(task))
      say(
        `I6: ${formatId('task', task.id)} is ${taskStateName(task.state)} (${task.reason}) for ever`,
      );
  for (const run of rows.runs) {
    const parent = run.parent_task === null ? undefined : byKey.get(run.parent_task);
    if (run.parent_task !== null && parent === undefined)
      say(`${formatId('run', run.id)} has a parent that is not there`);
  }
}

/** Keys of top runs in whose tree a task died of crashes, or that saw one fail with it. */
function withDeadTasks(rows: Rows): (run: RunRow) => boolean {
  const taskOf = new Map(rows.tasks.map((task) => [task.key, task]));
  const runOf = new Map(rows.runs.map((run) => [run.key, run]));
  const crashes = groupBy(
    rows.attempts.filter((attempt) => attempt.outcome === 'crash'),
    (attempt) => attempt.task,
  );
  const tops = new Set<number>();
  for (const task of rows.tasks) {
    const crashed = task.state === taskStates.dead && (crashes.get(task.key)?.length ?? 0) >= 3;
    if (!crashed) continue;
    let run = task.run === null ? undefined : runOf.get(task.run);
    while (run !== undefined && run.parent_task !== null)
      run = runOf.get(taskOf.get(run.parent_task)?.run ?? -1);
    if (run !== undefined) tops.add(run.key);
  }
  return (run) => tops.has(run.key);
}

interface Judging {
  input: FlowOracleInput;
  isDead: (run: RunRow) => boolean;
  say: Say;
}

/** The runs that were sent, with their plans. */
function* planned(
  rows: Rows,
  { seed, kind }: FlowOracleInput['flows'],
): Generator<[RunRow, FlowPlan]> {
  for (const run of rows.runs) {
    const job = /^job-(\d+)$/.exec(run.idem ?? '')?.[1];
    if (job !== undefined) yield [run, flowPlan({ seed, job: Number(job), kind })];
  }
}

/** F4 */
function judgeEnds(rows: Rows, { input, isDead, say }: Judging): void {
  const ofRun = groupBy(rows.tasks, (task) => task.run ?? -1);
  let dead = 0;
  for (const run of rows.runs)
    if (run.state < runStates.completed)
      say(
        `I6: ${formatId('run', run.id)} is not finished (${runStateName(run.state)}, ${run.progress})`,
      );
  for (const [run, plan] of planned(rows, input.flows)) {
    if (isDead(run)) {
      dead++;
      continue;
    }
    const id = `${formatId('run', run.id)} (${run.idem})`;
    const end = runStateName(run.state);
    if (end !== plan.end) say(`F4: ${id} is ${end} instead of ${plan.end}`);
    const nodes = (ofRun.get(run.key) ?? [])
      .filter((task) => task.state === taskStates.succeeded)
      .map((task) => (task.item === null ? `${task.node}` : `${task.node}#${task.item}`))
      .toSorted((a, b) => (a < b ? -1 : 1));
    if (nodes.join() !== plan.succeeded.join())
      say(`F4: of ${id} succeeded ${nodes.join()} instead of ${plan.succeeded.join()}`);
  }
  if (dead > Math.max(1, input.jobs * 0.1))
    say(`I10: ${dead} of ${input.jobs} runs have dead tasks`);
}

/** F6 and F7 */
function judgeLoopsAndWindows(rows: Rows, { input, isDead, say }: Judging): void {
  const ofRun = groupBy(rows.tasks, (task) => task.run ?? -1);
  const children = groupBy(rows.runs, (run) => run.parent_task ?? -1);
  for (const [run, plan] of planned(rows, input.flows)) {
    const tasks = ofRun.get(run.key) ?? [];
    const id = `${formatId('run', run.id)} (${run.idem})`;
    for (const [node, times] of Object.entries(plan.loops)) {
      const task = tasks.find((each) => each.node === node);
      const count = task === undefined ? 0 : (children.get(task.key) ?? []).length;
      if (count !== times && !isDead(run))
        say(`F7: loop ${node} of ${id} ran ${count} times instead of ${times}`);
    }
    for (const node of plan.graph.nodes) {
      if (node.kind !== 'map' || node.concurrency === undefined) continue;
      const most = mostAtOnce(tasks.filter((task) => task.node === node.id));
      if (most > node.concurrency)
        say(`F6: ${most} items of ${node.id} of ${id} were open at once`);
    }
  }
}

function mostAtOnce(tasks: readonly TaskRow[]): number {
  const changes = tasks
    .flatMap((task) => [
      { at: task.created_ms, by: 1 },
      { at: task.ended_ms ?? Infinity, by: -1 },
    ])
    .toSorted((a, b) => a.at - b.at || a.by - b.by);
  let open = 0;
  let most = 0;
  for (const { by } of changes) most = Math.max(most, (open += by));
  return most;
}

/** F5 */
function judgeUndone(
  rows: Rows,
  records: readonly LedgerRecord[],
  { input, isDead, say }: Judging,
): void {
  const taskOf = new Map(rows.tasks.map((task) => [hex(task.id), task]));
  const undone = new Map<string, string[]>();
  for (const record of records) {
    if (record.kind !== 'undo') continue;
    const list = undone.get(record.run) ?? [];
    // The receiver knows the key: the same again, right after, is the same undoing.
    if (list.at(-1) !== record.token) list.push(record.token);
    undone.set(record.run, list);
  }
  const eventsOf = groupBy(rows.events, (event) => hex(event.run));
  for (const [run, plan] of planned(rows, input.flows)) {
    const id = formatId('run', run.id);
    const found = undone.get(id) ?? [];
    if (run.state === runStates.completed && found.length > 0)
      say(`F5: ${id} is complete and was undone`);
    const undoes = new Set(
      plan.graph.nodes.flatMap((node) => (node.kind === 'compensate' ? [node.undoes] : [])),
    );
    const done = (eventsOf.get(hex(run.id)) ?? [])
      .filter((event) => event.type === eventTypes['task.completed'])
      .toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0))
      .flatMap((event) => {
        const task = taskOf.get(hex(event.task));
        if (task === undefined || !undoes.has(task.node ?? '')) return [];
        return [(JSON.parse(task.result ?? '{}') as { token: string }).token];
      })
      .toReversed();
    const isOver = run.state > runStates.completed && !isDead(run);
    const expected = isOver ? done : done.slice(0, found.length);
    if (found.join() !== expected.join())
      say(`F5: ${id} (${run.idem}) was undone as ${found.join()} instead of ${expected.join()}`);
  }
}
