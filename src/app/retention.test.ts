import { expect, test } from 'vitest';
import type { PruneRequest } from '../contract/index.ts';
import { manualClock } from '../kernel/index.ts';
import { RetentionDuty, retentionCuts } from './retention.ts';
import type { ProjectRetention } from './retention.ts';

const DAY_MS = 86_400_000;
const project: ProjectRetention = { tenant: 1, project: 1, days: null, runs: null };
const NOW = 1_000 * DAY_MS;

test('age and number each make a cut; a project has its own numbers; 0 days keeps for ever', () => {
  const at = { tenant: 1, project: 1 };
  const age = { ...at, beforeMs: NOW - 30 * DAY_MS };
  expect(retentionCuts(project, { days: 30, runs: null }, NOW)).toEqual([age]);
  expect(retentionCuts(project, { days: 30, runs: 5 }, NOW)).toEqual([
    age,
    { ...at, beforeMs: NOW, keep: 5 },
  ]);
  expect(retentionCuts(project, { days: 0, runs: null }, NOW)).toEqual([]);
  expect(retentionCuts({ ...project, days: 0 }, { days: 30, runs: null }, NOW)).toEqual([]);
  expect(retentionCuts({ ...project, days: 7, runs: 2 }, { days: 0, runs: null }, NOW)).toEqual([
    { ...at, beforeMs: NOW - 7 * DAY_MS },
    { ...at, beforeMs: NOW, keep: 2 },
  ]);
});

/** Lets promises that are already settled run. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function duty(answers: (request: PruneRequest) => Promise<boolean>) {
  const clock = manualClock();
  const asked: PruneRequest[] = [];
  const logged: string[] = [];
  const retention = new RetentionDuty({
    clock,
    settings: { days: 30, runs: null },
    log: (message) => logged.push(message),
    store: {
      read: <Row>() => Promise.resolve([project] as Row[]),
      prune: async (request) => {
        asked.push(request);
        return { runs: 1, tasks: 2, done: await answers(request) };
      },
    },
  });
  return { clock, asked, logged, retention };
}

test('the first pass comes after a minute, in batches until it is done, the next ten minutes later', async () => {
  const { clock, asked, logged, retention } = duty(() => Promise.resolve(asked.length % 2 === 0));
  retention.start();
  clock.advance(59_999);
  await settle();
  expect(asked).toHaveLength(0);
  clock.advance(1);
  await settle();
  expect(asked).toHaveLength(1);
  clock.advance(200);
  await settle();
  expect(asked).toHaveLength(2);
  expect(logged).toEqual(['old runs deleted']);
  clock.advance(599_999);
  await settle();
  expect(asked).toHaveLength(2);
  clock.advance(1);
  await settle();
  expect(asked).toHaveLength(3);
  await retention.stop();
});

test('a failure is told and does not end the duty; stop begins no other batch', async () => {
  let isFailing = true;
  const { clock, asked, logged, retention } = duty(() =>
    isFailing ? Promise.reject(new Error('disk')) : Promise.resolve(false),
  );
  retention.start();
  clock.advance(60_000);
  await settle();
  expect(logged).toEqual(['old runs could not be deleted']);
  isFailing = false;
  clock.advance(600_000);
  await settle();
  expect(asked).toHaveLength(2);
  await retention.stop();
  clock.advance(3_600_000);
  await settle();
  expect(asked).toHaveLength(2);
});
