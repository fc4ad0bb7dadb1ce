// What `import … from 'hivewright'` gives: the authors' door, from the sources in a clone and from the
// build in a package. Names one by one, because an export list cannot depend on which of the two is there.
import { existsSync } from 'node:fs';

const isClone = existsSync(new URL('../src/index.ts', import.meta.url));
const door = await import(isClone ? '../src/index.ts' : '../dist/index.js');

export const { defineAgent, defineWorkflow, retryError, stopError, HiveError, isHiveError } = door;
