/** The one home of each dangerous thing, as data: modules by name, and uses of globals. */

export type DangerousModule = {
  readonly what: string;
  readonly home: string;
  /** Exact names, or prefixes that end in '/' or '-'. */
  readonly modules: readonly string[];
  readonly door: string;
};

export const DANGEROUS_MODULES: readonly DangerousModule[] = [
  {
    what: 'an SQL driver',
    home: 'store',
    modules: ['sqlite', 'pg', 'pg-', 'better-sqlite3', 'postgres', 'kysely-', '@electric-sql/'],
    door: 'use read and write of ../store/index.ts',
  },
  {
    what: 'child processes',
    home: 'sandbox',
    modules: ['child_process', 'cluster', 'execa', 'node-pty'],
    door: 'run commands through ../sandbox/index.ts',
  },
  {
    what: 'an HTTP, WebSocket or GraphQL library',
    home: 'api',
    modules: [
      'http',
      'https',
      'http2',
      'hono',
      'hono/',
      '@hono/',
      'ws',
      'express',
      'fastify',
      'graphql',
      'graphql-',
      '@pothos/',
    ],
    door: 'serve from src/api; call out with fetch',
  },
  {
    what: 'a model vendor SDK',
    home: 'models',
    modules: ['ai', '@ai-sdk/', 'openai', '@anthropic-ai/', '@google/', 'ollama'],
    door: 'call models through the port of ../models/index.ts',
  },
];

/** Uses that kernel alone may make: a clock, ids and randomness are arguments everywhere else. */
export const KERNEL_USES: Readonly<Record<string, string>> = {
  'Date.now': 'take a Clock from ../kernel/index.ts as an argument',
  'new Date()': 'take a Clock from ../kernel/index.ts as an argument',
  'Date()': 'take a Clock from ../kernel/index.ts as an argument',
  'performance.now': 'take a Clock from ../kernel/index.ts as an argument',
  'performance.timeOrigin': 'take a Clock from ../kernel/index.ts as an argument',
  'process.hrtime': 'take a Clock from ../kernel/index.ts as an argument',
  'Math.random': 'take a Random from ../kernel/index.ts as an argument',
  'crypto.randomUUID': 'take an id source from ../kernel/index.ts as an argument',
  'crypto.randomBytes': 'take a Random from ../kernel/index.ts as an argument',
  'crypto.randomInt': 'take a Random from ../kernel/index.ts as an argument',
  'crypto.randomFillSync': 'take a Random from ../kernel/index.ts as an argument',
  'crypto.getRandomValues': 'take a Random from ../kernel/index.ts as an argument',
};

export const CONFIG_USES: Readonly<Record<string, string>> = {
  'process.env': 'read the parsed configuration that ../config/index.ts produces',
};

/** Rooms that compute and nothing else, and what they may import from outside src. */
export const PURE_ROOMS: readonly string[] = ['contract', 'planner', 'analysis'];

/** Built-in modules that touch the world: a pure room has its data passed in. */
export const IMPURE_BUILTINS: readonly string[] = [
  'fs',
  'fs/promises',
  'net',
  'tls',
  'dgram',
  'dns',
  'os',
  'process',
  'timers',
  'timers/promises',
  'worker_threads',
  'vm',
];

/** The packages that contract may import: the schema library. */
export const CONTRACT_PACKAGES: readonly string[] = ['zod'];
