// What `import … from 'hivewright/client'` gives: the typed client, from the sources in a clone and from the build in a package.
import { existsSync } from 'node:fs';

const isClone = existsSync(new URL('../src/client/index.ts', import.meta.url));
const door = await import(isClone ? '../src/client/index.ts' : '../dist/client/index.js');

export const { clientOver, createClient } = door;
