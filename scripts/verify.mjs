// `npm run verify`: everything that judges the code without running its tests. Two steps run at a
// time, each prints one line with its time, and what a failed step said follows at the end.
// A generator is a file scripts/generate-*.ts: with --check it fails when its output would change.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { childEnvironment, findNode } from './find-node.mjs';

const AT_ONCE = 2; // CI has two cores, and the longest steps use more than one by themselves
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const node = findNode(root) ?? process.execPath;
const environment = { ...childEnvironment(root), NO_COLOR: '1' };
delete environment.FORCE_COLOR;
const tool = (name) => path.join(root, 'node_modules', '.bin', name);

const generators = readdirSync(path.join(root, 'scripts'))
  .filter((name) => /^generate-.*\.(?:ts|mjs)$/.test(name) && !name.endsWith('.test.ts'))
  .map((name) => ({
    name: name.replace(/\.\w+$/, ''),
    command: [path.join('scripts', name), '--check'],
  }));

/** The longest first; a command starts with a tool's path, or is given to Node. */
const steps = [
  { name: 'types', run: [tool('tsc'), '-p', 'tsconfig.json'] },
  { name: 'lint', run: [tool('oxlint'), '--deny-warnings'] },
  { name: 'dead code', run: [tool('knip'), '--no-progress'] },
  {
    name: 'architecture',
    run: [tool('vitest'), 'run', '--reporter=dot', 'test/architecture.test.ts'],
  },
  { name: 'format', run: [tool('oxfmt'), '--check'] },
  ...generators.map(({ name, command }) => ({
    name,
    run: [node, '--disable-warning=ExperimentalWarning', ...command],
  })),
];

/** Runs one step to its end. Resolves, never rejects: a tool that does not start has failed. */
function runStep({ name, run: [file, ...args] }) {
  const began = Date.now();
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => (output += `${error.message}\n`));
    child.on('close', (code) => {
      const isOk = code === 0;
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      console.log(`${isOk ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${seconds.padStart(5)} s`);
      resolve({ name, isOk, output });
    });
  });
}

const results = [];
const waiting = [...steps];
async function runWaiting() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    results.push(await runStep(step));
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, runWaiting));

const failed = results.filter(({ isOk }) => !isOk);
for (const { name, output } of failed)
  console.log(`\n== ${name}\n${stripVTControlCharacters(output).trimEnd()}`);
if (failed.length > 0) {
  console.log(`\nverify failed: ${failed.map(({ name }) => name).join(', ')}`);
  process.exitCode = 1;
} else {
  console.log(`verify passed: ${results.length} steps`);
}
