import { expect, test } from 'vitest';
import { taskReasons, taskStates } from '../contract/index.ts';
import type { TaskReason, TaskState } from '../contract/index.ts';
import { durationWords } from './waiting-reason-words.ts';
import { whyWaiting } from './waiting-reason.ts';
import type { WaitingFacts } from './waiting-reason.ts';

const NOW = 1_000_000;
const task: WaitingFacts['task'] = {
  id: 'tsk_1',
  runId: 'run_1',
  state: 'ready',
  reason: 'none',
  dueMs: null,
  attempt: 2,
  maxAttempts: 5,
  crashes: 0,
  createdMs: 0,
  endedMs: null,
  error: null,
};
const tester = { name: 'tester', capabilities: ['test', 'lint'], slots: 2, busy: 1, host: 'hst_1' };
const base: WaitingFacts = {
  nowMs: NOW,
  task,
  needed: ['test'],
  agents: [tester],
  hosts: [{ id: 'hst_1', alive: true, draining: false }],
  ahead: 0,
  cap: null,
  lease: null,
  dependencies: [],
};
const why = (
  over: Partial<WaitingFacts>,
  more: Partial<WaitingFacts['task']> = {},
): ReturnType<typeof whyWaiting> => whyWaiting({ ...base, ...over, task: { ...task, ...more } });
const of = (state: TaskState, reason: TaskReason = 'none'): Partial<WaitingFacts['task']> => ({
  state,
  reason,
});
const lease = { agent: 'tester', host: 'hst_1', startedMs: NOW - 65_000, untilMs: NOW + 1 };
const deadHost = [{ id: 'hst_1', alive: false, draining: false }];
const error = { code: 'AGENT_THREW', message: 'no luck.' };

test.each<[string, Partial<WaitingFacts>, Partial<WaitingFacts['task']>, RegExp]>([
  ['ready.no_host', { hosts: deadHost, agents: [] }, {}, /No host .* `hive start`/],
  [
    'ready.no_agent',
    { needed: ['test', 'fly'] },
    {},
    /all of the capabilities that it needs: "test", "fly"\. The nearest is "tester", which lacks "fly"\. .*`hive task cancel tsk_1`/,
  ],
  ['ready.no_agent', { needed: ['fly'], agents: [] }, {}, /"fly"\. Add such an agent/],
  [
    'ready.draining',
    { hosts: [{ id: 'hst_1', alive: true, draining: true }] },
    {},
    /shutting down .*`hive start`/,
  ],
  [
    'ready.cap',
    { cap: { scope: 'key', name: 'repo', limit: 2, inUse: 2 } },
    {},
    /limit for key "repo" is reached \(2 of 2/,
  ],
  [
    'ready.busy',
    { agents: [{ ...tester, busy: 2 }], ahead: 3 },
    {},
    /is busy \("tester"; 2 slots in use\) and 3 tasks are ahead of it/,
  ],
  ['ready.busy', { agents: [{ ...tester, busy: 2 }] }, {}, /it is next in line/],
  ['ready.queued', { ahead: 1 }, {}, /1 task is ahead of it/],
  ['ready.queued', { ahead: null }, {}, /within a second/],
  [
    'blocked.dependency',
    { dependencies: [{ taskId: 'tsk_0', node: 'build', state: 'leased' }] },
    of('blocked', 'dependency'),
    /1 other task of its run to end: "build" \(leased\)/,
  ],
  ['blocked.release', {}, of('blocked', 'dependency'), /released at once.*`hive run show run_1`/],
  [
    'waiting.retry',
    {},
    { ...of('waiting', 'retry'), dueMs: NOW + 4_000, error },
    /failed \(AGENT_THREW: no luck\); try 2 of 5 begins in 4 s/,
  ],
  [
    'waiting.sleep',
    {},
    { ...of('waiting', 'sleep'), dueMs: NOW + 7_200_000 },
    /sleep and goes on in 2 h/,
  ],
  ['waiting.event', {}, of('waiting', 'event'), /waits for an event; if none will come, cancel it/],
  ['waiting.approval', {}, of('waiting', 'approval'), /a person to approve/],
  ['waiting.child', {}, of('waiting', 'child'), /handed to others/],
  [
    'waiting.delay',
    {},
    { ...of('waiting', 'delay'), dueMs: NOW },
    /becomes ready now: its time has come/,
  ],
  [
    'waiting.no_host',
    { hosts: deadHost },
    { ...of('waiting', 'delay'), dueMs: NOW },
    /no host .*`hive start`/,
  ],
  [
    'leased.running',
    { lease },
    of('leased'),
    /It is not waiting: agent "tester" on host hst_1 has worked on it for 1 min 5 s \(try 2 of 5\)/,
  ],
  [
    'leased.starting',
    { lease: { ...lease, startedMs: null } },
    of('leased'),
    /about to begin try 2 of 5/,
  ],
  [
    'leased.expired',
    { lease: { ...lease, untilMs: NOW - 9_000 } },
    { ...of('leased'), crashes: 1 },
    /not renewed its lease for 9 s; .*tried again\. It has crashed 1 time/,
  ],
  [
    'leased.expired',
    { lease: { ...lease, untilMs: NOW }, hosts: deadHost },
    of('leased'),
    /after the next `hive start`/,
  ],
  ['paused.user', {}, of('paused', 'user'), /A person paused it/],
  [
    'paused.error',
    {},
    { ...of('paused', 'error'), error },
    /a person must act first \(AGENT_THREW: no luck\)/,
  ],
  ['uncertain.effect', {}, of('uncertain'), /may or may not have happened/],
  ['ended.succeeded', {}, { ...of('succeeded'), endedMs: NOW - 3_000 }, /it succeeded 3 s ago/],
  ['ended.failed', {}, { ...of('failed', 'error'), error }, /it failed \(AGENT_THREW: no luck\)/],
  ['ended.dead', {}, of('dead', 'attempts'), /given up after 5 tries/],
  ['ended.dead', {}, of('dead', 'timeout'), /last of 5 tries ran out of time/],
  ['ended.dead', {}, of('dead', 'crashes'), /given up after 3 crashes/],
  ['ended.cancelled', {}, of('cancelled', 'run'), /because its run ended/],
  ['ended.cancelled', {}, of('cancelled', 'user'), /by a person/],
  [
    'ended.skipped',
    {},
    of('skipped', 'upstream'),
    /earlier work of its run failed\. See `hive run show run_1`/,
  ],
  ['ended.skipped', {}, of('skipped', 'branch'), /branch was not taken/],
])('%s', (...[code, over, more, words]) => {
  const answer = why(over, more);
  expect(answer.code).toBe(code);
  expect(answer.sentence).toMatch(words);
});

test('W1: every state with every reason has an answer that is a sentence', () => {
  for (const state of Object.keys(taskStates) as TaskState[]) {
    for (const reason of taskReasons) {
      for (const hosts of [base.hosts, deadHost, []]) {
        const { sentence, code } = why({ hosts }, of(state, reason));
        expect(sentence).toMatch(/^[A-Z].*\.$/);
        expect(sentence).not.toMatch(/undefined|null|NaN|\.\.|  /);
        expect(code).toMatch(new RegExp(`^(${state}|ended)\\.[a-z_]+$`));
      }
    }
  }
});

test('W3: the most basic hindrance first', () => {
  const cap = { scope: 'tenant', name: 'default', limit: 1, inUse: 1 } as const;
  const all = { cap, ahead: 9, agents: [{ ...tester, busy: 2 }] };
  expect(why({ ...all, hosts: [] }).code).toBe('ready.no_host');
  expect(why({ ...all, needed: ['fly'] }).code).toBe('ready.no_agent');
  expect(why({ ...all, hosts: [{ id: 'hst_1', alive: true, draining: true }] }).code).toBe(
    'ready.draining',
  );
  expect(why(all).code).toBe('ready.cap');
  expect(why({ ...all, cap: null }).code).toBe('ready.busy');
});

test('links lead to what is named, at most five, each once', () => {
  const agents = [...Array(8).keys()].flatMap((i) => [
    { ...tester, name: `t${i}` },
    { ...tester, name: `t${i}` },
  ]);
  expect(why({ agents }).links).toEqual(
    [0, 1, 2, 3, 4].map((i) => ({ kind: 'agent', id: `t${i}` })),
  );
  const dependencies = [...Array(7).keys()].map(
    (i) => ({ taskId: `tsk_${i}`, node: `n${i}`, state: 'ready' }) as const,
  );
  const { links, sentence } = why({ dependencies }, of('blocked'));
  expect(links).toHaveLength(6);
  expect(sentence).toContain('and 2 more');
});

test.each([
  [-5, '0 ms'],
  [999.4, '999 ms'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
  [273_600_000, '3 d 4 h'],
])('%d ms in words', (ms, words) => {
  expect(durationWords(ms)).toBe(words);
});
