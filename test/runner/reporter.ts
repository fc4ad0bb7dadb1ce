import { writeFileSync } from 'node:fs';
import type { Reporter } from 'vitest/node';

/** What `scripts/test.mjs` reads to print the closing line. */
export type TestSummary = {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
};

/** The part of a test file's record that is counted. */
export type CountedModule = {
  readonly relativeModuleId: string;
  state(): string;
  errors(): readonly unknown[];
  readonly children: {
    allSuites(): Iterable<{ errors(): readonly unknown[] }>;
    allTests(): Iterable<CountedTest>;
  };
};

export type CountedTest = {
  readonly fullName: string;
  result(): {
    readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
    readonly note?: unknown;
  };
};

/**
 * Counts a finished run. A file that cannot be collected, a hook that fails, a test that never ended
 * and an error outside any test each count as a failure: a run that is not proven is not green.
 */
export function summarise(modules: readonly CountedModule[], unhandledErrors: number): TestSummary {
  const summary: TestSummary = { passed: 0, failed: unhandledErrors, skipped: [] };
  for (const module of modules) {
    const tests = [...module.children.allTests()];
    for (const test of tests) countTest(module, test, summary);
    for (const suite of module.children.allSuites()) summary.failed += suite.errors().length;
    summary.failed += module.errors().length;
    const isUnfinished = module.state() === 'pending' || module.state() === 'queued';
    if (isUnfinished && tests.length === 0) summary.failed += 1;
  }
  return summary;
}

function countTest(module: CountedModule, test: CountedTest, summary: TestSummary): void {
  const { state, note } = test.result();
  switch (state) {
    case 'passed':
      summary.passed += 1;
      return;
    case 'failed':
    case 'pending':
      summary.failed += 1;
      return;
    case 'skipped':
      summary.skipped.push({
        name: `${module.relativeModuleId} > ${test.fullName}`,
        reason: typeof note === 'string' ? note : 'no reason given',
      });
      return;
    default:
      state satisfies never;
  }
}

/** Writes the summary to the file that HIVE_TEST_SUMMARY names; the runner prints it last. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly CountedModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env['HIVE_TEST_SUMMARY'];
    if (file === undefined) return;
    writeFileSync(file, JSON.stringify(summarise(modules, unhandledErrors.length)));
  }
}
