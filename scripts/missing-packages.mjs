// Compares what is installed with package-lock.json. npm drops an optional package without a word
// when its download fails, or when the Node that runs npm is too old for it; the native parts of the
// tools are such packages, so "npm ci succeeded" does not mean that they are there.
// Plain JavaScript without dependencies: Node 18 must be able to run it before anything is installed.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const asList = (value) => (value === undefined ? [] : [].concat(value));

function isForThisMachine(entry, libc) {
  const fits = (list, value) =>
    list.length === 0 || (list.includes(value) && !list.includes(`!${value}`));
  return (
    fits(asList(entry.os), process.platform) &&
    fits(asList(entry.cpu), process.arch) &&
    (libc === undefined || fits(asList(entry.libc), libc))
  );
}

/** 'glibc' or 'musl' on Linux, where binaries differ by it; undefined elsewhere. */
function libcOfThisMachine() {
  if (process.platform !== 'linux') return undefined;
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
}

/** The paths of packages that the lock names for this machine and node_modules lacks. */
export function missingPackages(root) {
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'));
  const libc = libcOfThisMachine();
  return Object.entries(readPackages(path.join(root, 'package-lock.json')))
    .filter(([name, entry]) => {
      if (name === '') return false;
      const isThere =
        installed[name]?.integrity === entry.integrity &&
        existsSync(path.join(root, name, 'package.json'));
      if (isThere) return false;
      // An optional package that names no platform belongs to one that does, perhaps to a foreign one.
      const isOptional = entry.optional || entry.devOptional || entry.peer;
      const isNative = entry.os !== undefined || entry.cpu !== undefined;
      return isOptional ? isNative && isForThisMachine(entry, libc) : true;
    })
    .map(([name]) => name);
}
