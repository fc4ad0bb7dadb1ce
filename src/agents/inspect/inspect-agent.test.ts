import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { graph as graphSchema } from '../../contract/index.ts';
import type { Json } from '../../contract/index.ts';
import { manualClock } from '../../kernel/index.ts';
import { createAgentRunner } from '../hosting/agent-runner.ts';
import { inlineSource } from '../hosting/agent-source.ts';
import { TestTask } from '../hosting/test-task.ts';
import { inspectAgent } from './inspect-agent.ts';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'inspect-agent-')));
const root = path.join(folder, 'tree');
mkdirSync(root);
writeFileSync(path.join(folder, 'file'), '');
symlinkSync(root, path.join(folder, 'link'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const clock = manualClock();
const workDirectory = path.join(folder, 'work');
const agent = inspectAgent({ workDirectory, reportsDirectory: '/reports', toolVersion: '1' });
const runner = createAgentRunner({ agents: [inlineSource(agent)], clock, threads: 1, heapMb: 64 });
const begin = async (input: Json) => {
  const task = new TestTask(clock);
  const run = () => task.run(runner, { agent: 'inspect', input });
  return { task, run, first: await run() };
};

describe('the inspect agent', () => {
  test.each<[string, Json]>([
    ['a path', { path: root }],
    ['a path through a link', { path: path.join(folder, 'link') }],
    ['a path in the words of a task', { task: `please inspect ${root} today` }],
  ])('runs the inspection of %s as a child run, and cleans up after it', async (_what, input) => {
    for (const ends of ['well', 'badly']) {
      const { task, run, first } = await begin(input);
      if (first.status !== 'suspended') throw new Error(JSON.stringify(first));
      const [child] = first.children;
      expect(child?.input).toEqual({ path: root, reportDirectory: '/reports/tsk_1' });
      const { nodes } = graphSchema.parse(child?.graph);
      const own = path.join(workDirectory, 'run_1', 'tsk_1');
      expect(nodes[0]).toMatchObject({ input: { root, workDirectory: own } });
      mkdirSync(own, { recursive: true });
      const error = { code: 'RUN_FAILED', kind: 'stop', message: 'no', advice: '' } as const;
      const name = child?.name ?? '';
      if (ends === 'well') task.answer(name, { status: 'ok', value: { findings: 0 } });
      else task.answer(name, { status: 'failed', error });
      expect(await run()).toMatchObject(
        ends === 'well'
          ? { status: 'succeeded', result: '{"findings":0}' }
          : { status: 'failed', error: { code: 'CHILD_FAILED' } },
      );
      expect(existsSync(own)).toBe(false);
    }
  });

  test.each<[string, Json, string]>([
    ['relative', { path: 'tree' }, 'PATH_INVALID'],
    ['missing', { path: path.join(folder, 'none') }, 'PATH_INVALID'],
    ['a file', { path: path.join(folder, 'file') }, 'PATH_INVALID'],
    ['no path at all', { task: 'inspect it' }, 'AGENT_STOPPED'],
    ['something else', { text: 'x' }, 'INPUT_INVALID'],
  ])('refuses what is %s', async (_what, input, code) => {
    expect((await begin(input)).first).toMatchObject({ status: 'failed', error: { code } });
  });
});
