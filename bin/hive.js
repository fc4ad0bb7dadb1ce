#!/usr/bin/env node
// The command `hive`. Plain JavaScript that old Node can parse: when the Node that runs it cannot run
// TypeScript, it starts the one that npm installed beside it, passes signals on and ends as it ended.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MINIMUM_NODE = [22, 18];
const self = fileURLToPath(import.meta.url);
const root = path.resolve(path.dirname(self), '..');

function isNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
}

/** The Node binary of the optional dependency, wherever npm has put it, or undefined. */
function installedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const manifest = module.createRequire(import.meta.url).resolve(`${name}/package.json`);
    const binary = path.join(path.dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** Node calls type stripping and node:sqlite experimental on every start; other warnings still print. */
function silenceExperimentalWarnings() {
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning') return;
    for (const print of printers) print.call(process, warning);
  });
}

function runWith(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit' });
  const isInteractive = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const forward = (signal) => {
    // A terminal sends its interrupt to the child as well: passing it on would make one Ctrl+C two.
    if (!(signal === 'SIGINT' && isInteractive)) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  for (const signal of signals) process.on(signal, forward);
  child.on('error', (error) => {
    console.error(`hive: cannot start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeListener(name, forward);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

async function main() {
  if (!isNewEnough()) {
    const node = installedNode();
    if (node) return runWith(node);
    console.error(
      `hive: Node ${MINIMUM_NODE.join('.')} or later is needed, this is ${process.versions.node}.\n` +
        `In a clone, run \`npm ci\` first; elsewhere install Node from https://nodejs.org.`,
    );
    process.exitCode = 1;
    return undefined;
  }
  // In the package's own folder, not the shared temporary one: nobody else can put code there.
  module.enableCompileCache?.(path.join(root, 'node_modules', '.cache', 'hive'));
  silenceExperimentalWarnings();
  const isClone = existsSync(path.join(root, 'src', 'cli', 'main.ts'));
  return import(isClone ? '../src/cli/main.ts' : '../dist/cli/main.js');
}

await main();
