// Runs the tests once and prints the closing line `N passed, N failed` (with `, N skipped` when
// something was skipped) as the very last line, whatever happens to the test runner itself.
// Arguments go to vitest: `npm test -- src/store`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment, findNode } from './find-node.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'hivewright-test-'));
const summaryFile = path.join(folder, 'summary.json');
const node = findNode(root) ?? process.execPath;
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');

const child = spawn(
  node,
  [
    vitest,
    'run',
    '--reporter=default',
    `--reporter=${path.join(root, 'test', 'runner', 'reporter.ts')}`,
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...childEnvironment(root), HIVE_TEST_SUMMARY: summaryFile },
  },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

/** The reporter's figures; a run that ended without them counts as one failure. */
function readSummary() {
  try {
    return JSON.parse(readFileSync(summaryFile, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
}

child.on('error', (error) => console.error(`The test runner did not start: ${error.message}`));
child.on('close', (code, signal) => {
  const summary = readSummary();
  rmSync(folder, { recursive: true, force: true });
  // The runner can fail for a reason that no test carries (a leak, a coverage threshold, no files).
  if ((code !== 0 || signal) && summary.failed === 0) {
    console.log(
      `The test runner ended with ${signal ?? `status ${code}`} although no test failed.`,
    );
    summary.failed = 1;
  }
  for (const { name, reason } of summary.skipped) console.log(`skipped: ${name}: ${reason}`);
  const skipped = summary.skipped.length > 0 ? `, ${summary.skipped.length} skipped` : '';
  process.exitCode = summary.failed > 0 ? 1 : 0;
  console.log(`${summary.passed} passed, ${summary.failed} failed${skipped}`);
});
