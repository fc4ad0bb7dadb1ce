// What a run goes through when the hive under it is started again: with the same code, nothing that a step gave ever changes; with other code, the
// agent's policy decides. Two hives, one after the other, on one data directory.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/index.ts';
import type { AgentDefinition } from '../../src/agents/index.ts';
import type { RunId } from '../../src/contract/index.ts';
import { seededRandom } from '../../src/kernel/index.ts';
import { openRunHive, until } from './run-hive.ts';
import type { RunHive } from './run-hive.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'hive-code-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Did {
  steps: string[];
  effects: string[];
}

/** A step, an effect, a wait for an event, and a step. */
function versioned(version: string, onCodeChange: 'stop' | 'fresh', did: Did): AgentDefinition {
  return defineAgent({
    name: 'versioned',
    type: 'test',
    version,
    capabilities: ['do:versioned'],
    placement: 'inline',
    onCodeChange,
    execute: async ({ step, effect, waitFor }) => {
      const before = await step('before', () => {
        did.steps.push(version);
        return version;
      });
      const paid = await effect('pay', ({ idempotencyKey }) => {
        did.effects.push(idempotencyKey);
        return `paid by ${version}`;
      });
      await waitFor('go');
      return { before, paid, after: await step('after', () => version) };
    },
  });
}

/** Version 1 begins and waits; the hive is started again with `agent`, and the event comes. */
async function changedTo(
  agent: AgentDefinition,
  first: AgentDefinition,
): Promise<{ hive: RunHive; run: RunId }> {
  let run: RunId;
  {
    await using hive = await openRunHive({ directory, agents: [first] });
    run = await hive.start({
      name: 'change',
      nodes: [{ kind: 'agent', id: 'only', capabilities: ['do:versioned'] }],
    });
    await hive.waiting(run, 1);
  }
  const hive = await openRunHive({ directory, agents: [agent] });
  await hive.verbs.signalRun({ run, name: 'go', dataJson: '1' }, { actor: 'tester', tenant: 1 });
  return { hive, run };
}

test('a run goes on with the same code on another start of the hive', async () => {
  const did: Did = { steps: [], effects: [] };
  const { hive, run } = await changedTo(versioned('1', 'stop', did), versioned('1', 'stop', did));
  await using _closed = hive;
  expect((await hive.ended(run)).state).toBe('completed');
  expect(await hive.output(run)).toEqual({ before: '1', paid: 'paid by 1', after: '1' });
  expect(did).toMatchObject({ steps: ['1'], effects: [expect.any(String)] });
});

test('other code in the middle of a run is refused: JOURNAL_MISMATCH names both versions', async () => {
  const did: Did = { steps: [], effects: [] };
  const { hive, run } = await changedTo(versioned('2', 'stop', did), versioned('1', 'stop', did));
  await using _closed = hive;
  const row = await hive.ended(run);
  expect(row.state).toBe('failed');
  const [task] = await hive.tasks(run);
  expect(JSON.parse(task?.error ?? '{}')).toMatchObject({
    code: 'JOURNAL_MISMATCH',
    details: { journal: '1', code: '2' },
  });
  expect(did.steps).toEqual(['1']);
  expect(did.effects).toHaveLength(1);
});

test('other code whose policy is fresh starts afresh: its steps are new, the effect is not done again', async () => {
  const did: Did = { steps: [], effects: [] };
  const { hive, run } = await changedTo(versioned('2', 'fresh', did), versioned('1', 'fresh', did));
  await using _closed = hive;
  // The wait that was answered belonged to the journal that is gone: the new code asks again.
  await hive.waiting(run, 1);
  await hive.verbs.signalRun({ run, name: 'go', dataJson: '2' }, { actor: 'tester', tenant: 1 });
  expect((await hive.ended(run)).state).toBe('completed');
  expect(await hive.output(run)).toEqual({ before: '2', paid: 'paid by 1', after: '2' });
  expect(did.steps).toEqual(['1', '2']);
  expect(did.effects).toHaveLength(1);
});

const STEPS = 12;
const LIVES = 6;

test('what a step gave once it gives in every life of the hive', { timeout: 60_000 }, async () => {
  const random = seededRandom(7);
  /** What each life saw of each step, and how often each was worked on. */
  const seen = new Map<string, Set<number>>();
  let worked = 0;
  const agent = defineAgent({
    name: 'counter',
    type: 'test',
    version: '1',
    capabilities: ['do:counter'],
    placement: 'inline',
    execute: async ({ step, sleep, effect }) => {
      const values: number[] = [];
      for (let i = 0; i < STEPS; i++) {
        values.push(await step(`step ${i}`, () => ++worked + random()));
        // A barrier: from here on it is recorded.
        if (i % 3 === 0) await effect(`mark ${i}`, () => note(values), { onUnknown: 'repeat' });
        else await sleep(1);
        note(values);
      }
      return values;
    },
  });
  const note = (values: readonly number[]): null => {
    for (const [i, value] of values.entries()) {
      const name = `step ${i}`;
      seen.set(name, (seen.get(name) ?? new Set()).add(value));
    }
    return null;
  };
  let run: RunId | undefined;
  for (let life = 1; life <= LIVES; life++) {
    await using hive = await openRunHive({
      directory,
      agents: [agent],
      settings: { drainMs: 0 },
    });
    run ??= await hive.start({
      name: 'lives',
      nodes: [{ kind: 'agent', id: 'only', capabilities: ['do:counter'] }],
    });
    const enough = Math.floor((STEPS * life) / LIVES);
    await until(hive.hive, `${enough} steps`, () =>
      Promise.resolve(seen.size >= enough ? true : undefined),
    );
    if (life < LIVES) continue;
    expect((await hive.ended(run)).state).toBe('completed');
    const output = (await hive.output(run)) as number[];
    expect([...seen.values()].map((values) => [...values])).toEqual(output.map((value) => [value]));
  }
});
