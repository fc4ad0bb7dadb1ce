import { describe, expect, test } from 'vitest';
import { summarise } from './reporter.ts';
import type { CountedModule, CountedTest } from './reporter.ts';

type State = ReturnType<CountedTest['result']>['state'];

const oneTest = (state: State, note?: string): CountedTest => ({
  fullName: `is ${state}`,
  result: () => ({ state, note }),
});

const oneModule = (
  tests: readonly CountedTest[],
  broken: Partial<CountedModule> = {},
): CountedModule => ({
  relativeModuleId: 'src/a.test.ts',
  state: () => 'passed',
  errors: () => [],
  children: { allSuites: () => [], allTests: () => tests },
  ...broken,
});

describe('the closing line counts', () => {
  test('what passed, failed and was skipped, with the reason', () => {
    const tests = [oneTest('passed'), oneTest('failed'), oneTest('skipped', 'no PostgreSQL')];
    expect(summarise([oneModule(tests), oneModule([oneTest('skipped')])], 0)).toEqual({
      passed: 1,
      failed: 1,
      skipped: [
        { name: 'src/a.test.ts > is skipped', reason: 'no PostgreSQL' },
        { name: 'src/a.test.ts > is skipped', reason: 'no reason given' },
      ],
    });
  });

  test('a file that cannot be collected, and one that never ran', () => {
    expect(summarise([oneModule([], { errors: () => [new Error('syntax')] })], 0).failed).toBe(1);
    expect(summarise([oneModule([], { state: () => 'queued' })], 0).failed).toBe(1);
  });

  test('a test that never ended, a hook that failed, an error outside any test', () => {
    expect(summarise([oneModule([oneTest('pending')], { state: () => 'pending' })], 0).failed).toBe(
      1,
    );
    const suites = {
      allSuites: () => [{ errors: () => [1] }],
      allTests: () => [oneTest('passed')],
    };
    expect(summarise([oneModule([], { children: suites })], 0)).toMatchObject({
      passed: 1,
      failed: 1,
    });
    expect(summarise([], 2).failed).toBe(2);
  });
});
