// Finds a Node that can run this project: the one that is running, or the one npm installed.
// Plain JavaScript without dependencies: Node 18 must be able to run it before anything is installed.
import { existsSync } from 'node:fs';
import path from 'node:path';

export const MINIMUM_NODE = [22, 18];

/** True when a version such as '24.21.0' can run TypeScript directly. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
}

/** The path of a usable Node binary, or undefined when this machine has none. */
export function findNode(root) {
  const bundled = path.join(
    root,
    'node_modules',
    `node-${process.platform}-${process.arch}`,
    'bin',
    'node',
  );
  if (existsSync(bundled)) return bundled;
  return isNewEnough(process.versions.node) ? process.execPath : undefined;
}

/** The environment for children: node_modules/.bin first, so that `node` there is the usable one. */
export function childEnvironment(root) {
  const node = findNode(root);
  const first = [path.join(root, 'node_modules', '.bin')];
  if (node) first.unshift(path.dirname(node));
  return { ...process.env, PATH: [...first, process.env.PATH].join(path.delimiter) };
}
