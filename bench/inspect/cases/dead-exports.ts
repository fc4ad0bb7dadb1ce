import { fixtureArea } from '../fixture-case.ts';
import type { FixtureFile } from '../fixture-case.ts';

const area = fixtureArea('dead-exports');
const { planted, clean } = area;
export const deadExportCases = area.cases;

const main = (text: string): FixtureFile => ['src/main.ts', text];
const USED = 'export const used = 1;\n';

planted('unused-export', 'constant beside a used one', [
  ['src/a.ts', `${USED}export const forgotten = 2;\n`],
  main("import { used } from './a.ts';\nconsole.log(used);\n"),
]);
planted('unused-export', 'function, imported without extension', [
  ['src/b.ts', `${USED}export function forgotten() {\n  return 1;\n}\n`],
  main("import { used } from './b';\nconsole.log(used);\n"),
]);
planted('unused-export', 'class', [
  ['src/c.ts', `${USED}export class Forgotten {}\n`],
  main("import { used } from './c.js';\nconsole.log(used);\n"),
]);
planted('unused-export', 'type nobody names', [
  ['src/d.ts', `${USED}export type Forgotten = { a: 1 };\n`],
  main("import { used } from './d.ts';\nconsole.log(used);\n"),
]);
planted('unused-export', 'default export beside a named one', [
  ['src/e.ts', `${USED}export default function () {\n  return 1;\n}\n`],
  main("import { used } from './e.ts';\nconsole.log(used);\n"),
]);
planted('unused-export', 'export list', [
  ['src/f.ts', 'const used = 1;\nconst forgotten = 2;\nexport { used, forgotten };\n'],
  main("import { used } from './f.ts';\nconsole.log(used);\n"),
]);
planted('unused-export', 'behind a barrel that passes one name on', [
  ['src/g.ts', `${USED}export const forgotten = 2;\n`],
  ['src/barrel.ts', "export { used } from './g.ts';\n"],
  main("import { used } from './barrel.ts';\nconsole.log(used);\n"),
]);
planted('unused-export', 'behind a star barrel', [
  ['src/h.ts', `${USED}export const forgotten = 2;\n`],
  ['src/barrel.ts', "export * from './h.ts';\n"],
  main("import { used } from './barrel.ts';\nconsole.log(used);\n"),
]);
planted('unused-export', 'through a path alias', [
  ['src/lib/i.ts', `${USED}export const forgotten = 2;\n`],
  [
    'tsconfig.json',
    '{ "compilerOptions": { "strict": true, "paths": { "#lib/*": ["./src/lib/*"] } } }\n',
  ],
  main("import { used } from '#lib/i';\nconsole.log(used);\n"),
]);
planted('unused-export', 'enum', [
  ['src/j.ts', `${USED}export enum Forgotten {\n  A,\n}\n`],
  main("import { used } from './j.ts';\nconsole.log(used);\n"),
]);
planted('unused-module', 'file that nothing imports', [
  [
    'src/old/legacy-format.ts',
    'export const parse = (a: string) => a;\nexport const print = (a: string) => a;\n',
  ],
]);
planted('unused-module', 'pair of files that only one another', [
  ['src/island.ts', "import { two } from './island-two.ts';\nexport const one = () => two;\n"],
  ['src/island-two.ts', 'export const two = 2;\n'],
]);
planted('unresolved-import', 'import of a deleted file', [
  ['src/k.ts', "import { gone } from './gone.ts';\nexport const kept = () => gone;\n"],
  main("import { kept } from './k.ts';\nkept();\n"),
]);

clean('used through a star barrel', [
  ['src/a.ts', USED],
  ['src/barrel.ts', "export * from './a.ts';\n"],
  main("import { used } from './barrel.ts';\nconsole.log(used);\n"),
]);
clean('used under another name', [
  ['src/a.ts', USED],
  ['src/barrel.ts', "export { used as renamed } from './a.ts';\n"],
  main("import { renamed } from './barrel.ts';\nconsole.log(renamed);\n"),
]);
clean('used by a namespace import', [
  ['src/a.ts', `${USED}export const other = 2;\n`],
  main("import * as a from './a.ts';\nconsole.log(a.used);\n"),
]);
clean('used by a dynamic import', [
  ['src/a.ts', `${USED}export const other = 2;\n`],
  main("const a = await import('./a.ts');\nconsole.log(a.used);\n"),
]);
clean('used by require', [
  ['src/a.js', `${USED}export const other = 2;\n`],
  main("const { used } = require('./a');\nconsole.log(used);\n"),
]);
clean('type-only import', [
  ['src/a.ts', 'export type Shape = { a: 1 };\n'],
  main("import type { Shape } from './a.ts';\nconst s: Shape = { a: 1 };\nconsole.log(s);\n"),
]);
clean('used only by a test', [
  ['src/a.ts', `${USED}export const inner = 2;\n`],
  main("import { used } from './a.ts';\nconsole.log(used);\n"),
  [
    'src/a.test.ts',
    "import { expect, test } from 'vitest';\nimport { inner } from './a.ts';\ntest('inner', () => expect(inner).toBe(2));\n",
  ],
]);
clean('entry point of the package', [
  ['src/api.ts', `${USED}export const open = 2;\n`],
  [
    'package.json',
    '{ "name": "lantern", "version": "1.0.0", "private": true, "exports": { ".": "./dist/api.js" } }\n',
  ],
]);
clean('page of a framework', [
  [
    'src/pages/index.tsx',
    'export const getServerSideProps = () => ({});\nexport default function Page() {\n  return <p>hi</p>;\n}\n',
  ],
]);
clean('tool configuration', [
  ['vite.config.ts', 'export const extra = 1;\nexport default { build: {} };\n'],
]);
clean('exported and used in the same file', [
  ['src/a.ts', `${USED}export const limit = 5;\nexport const twice = () => limit * 2;\n`],
  main("import { used, twice } from './a.ts';\nconsole.log(used, twice());\n"),
]);
clean('module loaded by computed name', [
  ['src/locales/de.ts', "export const hello = 'Hallo';\n"],
  main('const load = (l: string) => import(`./locales/${l}.ts`);\nvoid load;\n'),
]);
clean('script of a page', [
  ['web/start-page.js', 'export const boot = () => 1;\n'],
  [
    'web/page.html',
    '<!doctype html>\n<html lang="en"><head><title>t</title></head><body><script type="module" src="start-page.js"></script></body></html>\n',
  ],
]);
clean('worker started by URL', [
  ['src/heavy-work.ts', 'export const handle = () => 1;\n'],
  main("new Worker(new URL('./heavy-work.ts', import.meta.url));\n"),
]);
clean('marked as public', [
  ['src/a.ts', `${USED}/** For plugins. @public */\nexport const hook = 2;\n`],
  main("import { used } from './a.ts';\nconsole.log(used);\n"),
]);
clean('export named like a prototype member', [
  ['src/a.ts', 'export const constructor = 1;\nexport const toString = 2;\n'],
  main("import { constructor, toString } from './a.ts';\nconsole.log(constructor, toString);\n"),
]);
