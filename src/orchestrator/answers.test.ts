import { expect, test } from 'vitest';
import type { TaskId, TaskState } from '../contract/index.ts';
import { manualClock } from '../kernel/index.ts';
import { Answers } from './answers.ts';
import type { AnswerParts } from './answers.ts';

const TASK = 'tsk_00000000000000000000000001' as TaskId;

/** Answers over a task whose states are read one after the other, and that has no open effect. */
function answersOver(states: TaskState[]): Answers {
  const rows = {
    task: () => Promise.resolve({ id: TASK, key: 1, run: null, node: null, state: states.shift() }),
    query: () => Promise.resolve([]),
  };
  return new Answers({ rows, clock: manualClock() } as unknown as AnswerParts); // the parts that are used
}

test.each([
  ['resolved by another person meanwhile', ['uncertain', 'ready'], 'ILLEGAL_TRANSITION'],
  ['uncertain without an effect', ['uncertain', 'uncertain'], 'INTERNAL'],
] as const)('a task that is %s', async (_what, states, code) => {
  const answers = answersOver([...states]);
  const request = { task: TASK, resolution: 'retry' } as const;
  await expect(answers.resolve(request, { actor: 'b', tenant: 1 })).rejects.toMatchObject({ code });
});
