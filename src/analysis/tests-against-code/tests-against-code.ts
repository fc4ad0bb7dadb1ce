/** Tests held against the code: what is focused, skipped, empty or missing. */
import { defineAnalyser } from '../define-analyser.ts';
import { isScript } from '../reading/parse-script.ts';
import { isExample, isFixture, isGeneratedPath, isTest, isVendored } from '../reading/path-kind.ts';
import type { CoverageFact } from './coverage-by-name.ts';
import { coverageFact, judgeCoverage, languageOf } from './coverage-by-name.ts';
import { inspectPlainTests } from './plain-tests.ts';
import { RULES } from './rules.ts';
import { inspectScriptTests } from './script-tests.ts';

export const testsAgainstCode = defineAnalyser<CoverageFact>({
  name: 'tests',
  version: '1',
  description: 'Focused, skipped, empty and missing tests, by the conventions of six languages.',
  rules: RULES,
  wants: (path) =>
    languageOf(path) !== undefined &&
    !isVendored(path) &&
    !isGeneratedPath(path) &&
    !isFixture(path),
  inspect: (file) => {
    const { path } = file;
    const holdsTests = isTest(path) || path.endsWith('.rs');
    const fact = coverageFact(file);
    const judged = holdsTests && !isExample(path);
    const findings = !judged
      ? []
      : isScript(path)
        ? inspectScriptTests(file)
        : inspectPlainTests(file);
    return fact === undefined ? { findings } : { findings, fact };
  },
  finish: (facts, _shared, complete) => (complete ? judgeCoverage(facts) : []),
});
