// Installs the dependencies when they are missing or differ from package-lock.json; otherwise does
// nothing, in a few milliseconds. Runs before `npm start`, `npm test` and `npm run verify`.
//
// Plain JavaScript without dependencies: it runs on the machine's own Node (18 or later), before
// node_modules exists. It installs no system package: the product needs none to start.
//
// 1. The stamp inside node_modules names the lock file and the platform it was made for. `npm ci`
//    removes node_modules first, so an interrupted installation leaves no stamp and is repeated.
// 2. An installation is complete when nothing that the lock names for this machine is missing; one
//    made by hand (`npm install`) is taken as it is.
// 3. Two starts at once install once: the second waits for the first one's lock file.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, isNewEnough, MINIMUM_NODE } from './find-node.mjs';
import { missingPackages } from './missing-packages.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const stampFile = path.join(modules, '.hivewright-installed');
const lockFile = path.join(root, '.hivewright-installing');
const INSTALL_WAIT_MS = 10 * 60_000; // the slowest installation worth waiting for
const lockText = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
const wanted = `${createHash('sha256').update(lockText).digest('hex')} ${process.platform}-${process.arch}`;

function readOr(file, fallback) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}

const isInstalled = () => readOr(stampFile, '') === wanted && findNode(root) !== undefined;

function fail(lines) {
  process.stderr.write(`\n${lines.join('\n')}\n`);
  process.exit(1);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Takes the installation lock; a lock whose owner is dead is taken over. */
function takeLock() {
  const deadline = Date.now() + INSTALL_WAIT_MS;
  for (let told = false; ; told = true) {
    try {
      const descriptor = openSync(lockFile, 'wx');
      writeSync(descriptor, String(process.pid));
      closeSync(descriptor);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') {
        fail([
          `Cannot write ${lockFile}: ${error.message}`,
          'Make the folder writable, then try again.',
        ]);
      }
    }
    const owner = Number(readOr(lockFile, ''));
    if (owner > 0 && !isAlive(owner)) rmSync(lockFile, { force: true });
    else if (Date.now() > deadline) {
      fail([
        `Another installation has held ${lockFile} for ten minutes.`,
        'Remove that file, then try again.',
      ]);
    } else {
      if (!told) console.log('Waiting for another installation of the dependencies to end ...');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    }
  }
}

const NPM_OPTIONS = [
  'ci',
  '--include=dev',
  '--include=optional',
  '--loglevel=error',
  '--no-audit',
  '--no-fund',
];

/** Runs `npm ci` on the given Node, or as the `npm` of the PATH where npm does not say where it is. */
function runNpm(node) {
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /\.c?js$/.test(npm);
  const result = isScript
    ? spawnSync(node, [npm, ...NPM_OPTIONS], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', NPM_OPTIONS, {
        cwd: root,
        stdio: 'inherit',
        shell: process.platform === 'win32',
        env: { ...process.env, PATH: [path.dirname(node), process.env.PATH].join(path.delimiter) },
      });
  if (result.status === 0) return;
  const how = result.error?.message ?? `npm ci ended with ${result.signal ?? result.status}`;
  fail([
    `The dependencies could not be installed: ${how}.`,
    'Without a network, check that `npm config get registry` names a registry you can reach,',
    'or copy node_modules from a machine of the same platform. Then run the same command again.',
  ]);
}

/** npm on an old Node leaves out what does not support that Node: the Node it brought does it again. */
function runNpmOnNewNode(bundled) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hivewright-node-'));
  try {
    // A copy: npm begins by removing node_modules, and this binary with it.
    copyFileSync(bundled, path.join(folder, 'node'));
    runNpm(path.join(folder, 'node'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function install() {
  console.log('Installing the dependencies (npm ci); this happens once ...');
  const began = Date.now();
  runNpm(process.execPath);
  const node = findNode(root);
  if (node === undefined) {
    fail([
      `Node ${MINIMUM_NODE.join('.')} or later is needed; this is ${process.versions.node}, and none was installed for`,
      `${process.platform}-${process.arch}. Install Node from https://nodejs.org, then run the same command again.`,
    ]);
  }
  if (missingPackages(root).length > 0 && !isNewEnough(process.versions.node))
    runNpmOnNewNode(node);
  const missing = missingPackages(root);
  if (missing.length > 0) {
    fail([
      `npm left out packages that this machine needs: ${missing.join(', ')}.`,
      'It does so when a download fails. Check the network, then run the same command again.',
    ]);
  }
  console.log(`Installed in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

/** Puts the Node of node_modules first on the PATH of npm scripts where an old npm has not done so. */
function linkNode() {
  const node = findNode(root);
  const link = path.join(modules, '.bin', 'node');
  if (process.platform === 'win32' || !node?.startsWith(modules) || existsSync(link)) return;
  symlinkSync(path.relative(path.dirname(link), node), link);
}

if (!isInstalled()) {
  takeLock();
  process.on('exit', () => rmSync(lockFile, { force: true }));
  if (!isInstalled()) {
    if (missingPackages(root).length > 0 || findNode(root) === undefined) install();
    linkNode();
    writeFileSync(stampFile, wanted);
  }
}
