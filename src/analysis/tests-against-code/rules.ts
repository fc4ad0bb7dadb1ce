import type { Rule } from '../finding.ts';

const rule = (id: string, rest: Omit<Rule, 'id'>): Rule => ({ id: `tests/${id}`, ...rest });

export const FOCUSED = rule('focused-test', {
  severity: 'error',
  confidence: 0.95,
  title: 'A focused test silences all others',
  why: 'The suite is green while only this test runs.',
  fix: 'Remove the focus (.only, fit, fdescribe, focus: true) before committing.',
});
export const SKIPPED = rule('skipped-test', {
  severity: 'note',
  confidence: 0.7,
  title: 'Test is switched off without a reason',
  why: 'A skipped test is a promise nobody keeps; without a reason nobody knows when to turn it on.',
  fix: 'Fix it, delete it, or state the reason where it is skipped.',
});
export const EMPTY = rule('empty-test', {
  severity: 'warning',
  confidence: 0.9,
  title: 'Test with an empty body',
  why: 'It always passes and counts as coverage in every report.',
  fix: 'Write the test, or mark it as to do in the way of the framework.',
});
export const NO_ASSERTION = rule('no-assertion', {
  severity: 'note',
  confidence: 0.6,
  title: 'Test that cannot fail on a wrong result',
  why: 'Without an assertion it only proves that nothing threw.',
  fix: 'Assert the outcome that the name of the test promises.',
});
export const UNTESTED = rule('untested-source', {
  severity: 'note',
  confidence: 0.5,
  title: 'Source file that no test mentions',
  why: 'The neighbours are tested; a defect here is found by users.',
  fix: 'Add a test beside it, or name it in an existing one.',
});
export const NO_TESTS = rule('no-tests', {
  severity: 'warning',
  confidence: 0.8,
  title: 'No tests at all',
  why: 'Every change is a risk that only use can find.',
  fix: 'Start with one test of the most used path and run it in CI.',
});

export const RULES: readonly Rule[] = [FOCUSED, SKIPPED, EMPTY, NO_ASSERTION, UNTESTED, NO_TESTS];
