import type { Rule } from './check.ts';
import type { SourceFile } from './facts.ts';

/** A violation of each kind, which must be caught, beside a clean look-alike, which must not. */
export type Planted = {
  readonly what: string;
  readonly rule: Rule;
  /** Part of the message: it names the right door. */
  readonly says: string;
  readonly bad: readonly SourceFile[];
  readonly good: readonly SourceFile[];
};

const file = (path: string, ...lines: readonly string[]): SourceFile => ({
  path,
  source: `${lines.join('\n')}\n`,
});

const USE = 'export const used = [a];';
const at = (path: string, specifier: string): SourceFile =>
  file(path, `import { a } from '${specifier}';`, USE);
const use = (path: string, expression: string): SourceFile =>
  file(path, `export const value = (): unknown => ${expression};`);

const ARROWS: readonly Planted[] = [
  {
    what: 'an arrow upwards',
    rule: 'arrow',
    says: 'may not import agents',
    bad: [at('src/orchestrator/loop.ts', '../agents/index.ts')],
    good: [at('src/orchestrator/loop.ts', '../store/index.ts')],
  },
  {
    what: 'an arrow upwards for a type only',
    rule: 'arrow',
    says: 'store (layer 3) may not import registry',
    bad: [
      file(
        'src/store/a.ts',
        "import type { A } from '../registry/index.ts';",
        'export type B = A;',
      ),
    ],
    good: [
      file(
        'src/store/a.ts',
        "import type { A } from '../contract/index.ts';",
        'export type B = A;',
      ),
    ],
  },
  {
    what: 'an arrow upwards by import()',
    rule: 'arrow',
    says: 'may not import app',
    bad: [use('src/api/late.ts', "import('../app/index.ts')")],
    good: [use('src/api/late.ts', "import('../operations/index.ts')")],
  },
  {
    what: 'an arrow upwards inside a type',
    rule: 'arrow',
    says: 'may not import cli',
    bad: [file('src/client/a.ts', "export type A = import('../cli/index.ts').A;")],
    good: [file('src/client/a.ts', "export type A = import('../contract/index.ts').A;")],
  },
  {
    what: 'an arrow upwards by export from',
    rule: 'arrow',
    says: 'may not import kernel',
    bad: [file('src/contract/a.ts', "export { a } from '../kernel/index.ts';")],
    good: [file('src/contract/a.ts', "export { a } from './b.ts';")],
  },
  {
    what: 'an arrow sideways between services',
    rule: 'arrow',
    says: 'may not import identity',
    bad: [at('src/context/a.ts', '../identity/index.ts')],
    good: [at('src/context/a.ts', '../bus/index.ts')],
  },
  {
    what: "the authors' door reaching too far",
    rule: 'arrow',
    says: "the authors' door may not import store",
    bad: [file('src/index.ts', "export { a } from './store/index.ts';")],
    good: [file('src/index.ts', "export { a } from './agents/index.ts';")],
  },
  {
    what: 'the inside of another room',
    rule: 'front-door',
    says: 'import ../store/index.ts instead',
    bad: [at('src/bus/a.ts', '../store/sqlite/writer.ts')],
    good: [at('src/bus/a.ts', '../store/index.ts')],
  },
  {
    what: 'cli going past app/embedded.ts',
    rule: 'front-door',
    says: 'import ../app/embedded.ts instead',
    bad: [at('src/cli/a.ts', '../app/index.ts')],
    good: [at('src/cli/a.ts', '../app/embedded.ts')],
  },
  {
    what: 'testing.ts used by something that is no test',
    rule: 'testing-door',
    says: 'everyone else uses src/store/index.ts',
    bad: [at('src/bus/a.ts', '../store/testing.ts')],
    good: [at('src/bus/a.test.ts', '../store/testing.ts')],
  },
  {
    what: 'its own index.ts',
    rule: 'own-index',
    says: 'import the file itself',
    bad: [at('src/bus/a.ts', './index.ts')],
    good: [at('src/bus/a.ts', './b.ts')],
  },
  {
    what: 'its own index.ts from a folder below',
    rule: 'own-index',
    says: 'import the file itself',
    bad: [at('src/store/sqlite/a.ts', '../index.ts')],
    good: [at('src/store/sqlite/a.ts', '../b.ts')],
  },
  {
    what: 'something outside src',
    rule: 'outside',
    says: 'nothing outside src',
    bad: [at('src/cli/a.ts', '../../scripts/a.ts')],
    good: [at('src/cli/a.ts', '../../package.json')],
  },
  {
    what: 'an import cycle of values',
    rule: 'cycle',
    says: 'import cycle',
    bad: [
      at('src/bus/a.ts', './b.ts'),
      at('src/bus/b.ts', './c.ts'),
      file('src/bus/c.ts', "export { a } from './a.ts';"),
    ],
    good: [
      at('src/bus/a.ts', './b.ts'),
      at('src/bus/b.ts', './c.ts'),
      file('src/bus/c.ts', "import type { A } from './a.ts';", 'export type B = A;'),
    ],
  },
];

const SHAPE: readonly Planted[] = [
  {
    what: 'a room that is not in the table',
    rule: 'unknown-room',
    says: 'src/services is not a room',
    bad: [use('src/services/a.ts', '1')],
    good: [use('src/registry/a.ts', '1')],
  },
  {
    what: 'a loose file in src',
    rule: 'unknown-room',
    says: 'nothing else',
    bad: [use('src/server.ts', '1')],
    good: [file('src/index.ts', "export { a } from './contract/index.ts';")],
  },
  {
    what: 'a folder without a name',
    rule: 'name',
    says: '"helpers" says nothing',
    bad: [use('src/bus/helpers/a.ts', '1')],
    good: [use('src/bus/topics/a.ts', '1')],
  },
  {
    what: 'a file without a name',
    rule: 'name',
    says: '"utils" says nothing',
    bad: [use('src/bus/utils.ts', '1')],
    good: [use('src/bus/topic.ts', '1')],
  },
  {
    what: 'a file over the limit',
    rule: 'length',
    says: '501 lines; the limit is 500',
    bad: [file('src/bus/a.ts', ...Array.from({ length: 501 }, () => '// a'))],
    good: [file('src/bus/a.ts', ...Array.from({ length: 500 }, () => '// a'))],
  },
  {
    what: 'export * in a front door',
    rule: 'export-star',
    says: 'lists its exports by name',
    bad: [file('src/bus/index.ts', "export * from './a.ts';")],
    good: [
      file('src/bus/index.ts', "export { a } from './a.ts';", "export type { A } from './a.ts';"),
    ],
  },
  {
    what: 'logic in a front door',
    rule: 'index-logic',
    says: 'move this to a file',
    bad: [use('src/bus/index.ts', '1')],
    good: [use('src/bus/topic.ts', '1')],
  },
  {
    what: 'a suppression without a reason',
    rule: 'suppression',
    says: 'needs a reason',
    bad: [file('src/bus/a.ts', '// oxlint-disable-next-line no-console', 'export const a = 1;')],
    good: [
      file('src/bus/a.ts', '// oxlint-disable-next-line no-console -- why', 'export const a = 1;'),
    ],
  },
  {
    what: 'a file that does not parse',
    rule: 'syntax',
    says: '',
    bad: [file('src/bus/a.ts', 'export const = ;')],
    good: [file('src/bus/a.ts', 'export const a = 1;')],
  },
];

/** One bad and one good source per dangerous module; the good one stands in its home. */
const module = (specifier: string, room: string, home: string): Planted => ({
  what: `${specifier} outside ${home}`,
  rule: 'dangerous',
  says: `whose home is src/${home}`,
  bad: [at(`src/${room}/a.ts`, specifier)],
  good: [at(`src/${home}/a.ts`, specifier)],
});

const HOMES: readonly Planted[] = [
  module('node:sqlite', 'orchestrator', 'store'),
  module('pg', 'bus', 'store'),
  module('pg-copy-streams', 'bus', 'store'),
  module('node:child_process', 'delivery', 'sandbox'),
  module('child_process', 'cli', 'sandbox'),
  module('hono', 'app', 'api'),
  module('hono/cors', 'cli', 'api'),
  module('@hono/node-server', 'app', 'api'),
  module('node:http', 'client', 'api'),
  module('ws', 'operations', 'api'),
  module('graphql', 'operations', 'api'),
  module('@ai-sdk/openai', 'agents', 'models'),
  {
    what: 'a driver by import()',
    rule: 'dangerous',
    says: 'whose home is src/store',
    bad: [use('src/knowledge/a.ts', "import('node:sqlite')")],
    good: [use('src/knowledge/a.ts', "import('node:path')")],
  },
  {
    what: 'a driver by getBuiltinModule',
    rule: 'dangerous',
    says: 'whose home is src/store',
    bad: [use('src/knowledge/a.ts', "process.getBuiltinModule('node:sqlite')")],
    good: [use('src/knowledge/a.ts', "process.getBuiltinModule('node:path')")],
  },
];

/** One bad and one good source per dangerous use; the good one stands in its home. */
const global = (expression: string, home: string, says: string): Planted => ({
  what: `${expression} outside ${home}`,
  rule: 'dangerous',
  says,
  bad: [use('src/bus/a.ts', expression)],
  good: [use(`src/${home}/a.ts`, expression), use('src/bus/a.test.ts', expression)],
});

const USES: readonly Planted[] = [
  global('Date.now()', 'kernel', 'Date.now lives in src/kernel'),
  global('new Date()', 'kernel', 'new Date() lives in src/kernel'),
  global('Date()', 'kernel', 'Date() lives in src/kernel'),
  global('Math.random()', 'kernel', 'Math.random lives in src/kernel'),
  global('performance.now()', 'kernel', 'performance.now lives in src/kernel'),
  global('globalThis.performance.now()', 'kernel', 'performance.now lives in src/kernel'),
  global('process.hrtime.bigint()', 'kernel', 'process.hrtime lives in src/kernel'),
  global('crypto.randomUUID()', 'kernel', 'crypto.randomUUID lives in src/kernel'),
  global('globalThis.crypto.getRandomValues(x)', 'kernel', 'getRandomValues lives in src/kernel'),
  global("process.env['HOME']", 'config', 'process.env lives in src/config'),
  global("process['env']", 'config', 'process.env lives in src/config'),
  {
    what: 'a date made of an argument',
    rule: 'dangerous',
    says: 'new Date()',
    bad: [use('src/bus/a.ts', '[new Date(5), new Date()]')],
    good: [use('src/bus/a.ts', 'new Date(5).toISOString()')],
  },
  {
    what: 'random bytes imported by name',
    rule: 'dangerous',
    says: 'crypto.randomBytes lives in src/kernel',
    bad: [file('src/bus/a.ts', "import { randomBytes as a } from 'node:crypto';", USE)],
    good: [file('src/bus/a.ts', "import { createHash as a } from 'node:crypto';", USE)],
  },
  {
    what: 'random bytes of a renamed module',
    rule: 'dangerous',
    says: 'crypto.randomBytes lives in src/kernel',
    bad: [
      file(
        'src/bus/a.ts',
        "import * as c from 'node:crypto';",
        'export const b = c.randomBytes(8);',
      ),
    ],
    good: [
      file('src/bus/a.ts', "import * as c from './c.ts';", 'export const b = c.randomBytes(8);'),
    ],
  },
  {
    what: 'the environment imported by name',
    rule: 'dangerous',
    says: 'process.env lives in src/config',
    bad: [file('src/bus/a.ts', "import { env } from 'node:process';", 'export const b = env;')],
    good: [file('src/bus/a.ts', "import { argv } from 'node:process';", 'export const b = argv;')],
  },
  {
    what: 'the environment by destructuring',
    rule: 'dangerous',
    says: 'process.env lives in src/config',
    bad: [file('src/bus/a.ts', 'const { env } = process;', 'export const b = env;')],
    good: [file('src/bus/a.ts', 'const { pid } = process;', 'export const b = pid;')],
  },
  {
    what: 'the clock imported by name',
    rule: 'dangerous',
    says: 'performance.now lives in src/kernel',
    bad: [
      file(
        'src/bus/a.ts',
        "import { performance as p } from 'node:perf_hooks';",
        'export const b = p.now();',
      ),
    ],
    good: [
      file(
        'src/bus/a.ts',
        "import { monitorEventLoopDelay as p } from 'node:perf_hooks';",
        'export const b = p();',
      ),
    ],
  },
  {
    what: 'a file system in a pure room',
    rule: 'pure',
    says: 'analysis is pure',
    bad: [at('src/analysis/a.ts', 'node:fs/promises')],
    good: [at('src/analysis/a.ts', 'node:path')],
  },
  {
    what: 'a package in contract',
    rule: 'pure',
    says: 'contract imports no package but zod',
    bad: [at('src/contract/a.ts', 'yaml')],
    good: [at('src/contract/a.ts', 'zod')],
  },
];

export const PLANTED: readonly Planted[] = [...ARROWS, ...SHAPE, ...HOMES, ...USES];
