/**
 * The layer table, as data. A room may import the front doors of the rooms it names, and nothing
 * else; arrows point towards contract. `check.ts` holds every file of src against it.
 */

export type RoomRule = {
  readonly layer: number;
  /** Rooms whose front door this one may import. */
  readonly mayImport: readonly string[];
};

const WORDS = ['contract', 'kernel'];
const RESOURCES = ['telemetry', 'store', 'sandbox', 'models'];
const SERVICES = ['bus', 'registry', 'context', 'knowledge', 'spending', 'identity'];
const PURE = ['planner', 'analysis'];
const BELOW_AGENTS = [...WORDS, ...PURE, ...RESOURCES, ...SERVICES];
const BELOW_FACTORY = [...BELOW_AGENTS, 'config', 'orchestrator', 'delivery', 'agents'];
const BELOW_OPERATIONS = [...BELOW_FACTORY.filter((room) => room !== 'config'), 'factory'];
const BELOW_APP = [...BELOW_OPERATIONS, 'config', 'operations', 'api', 'client'];
const SERVICE: RoomRule = { layer: 4, mayImport: [...WORDS, 'telemetry', 'store', 'bus'] };

export const ROOMS: Readonly<Record<string, RoomRule>> = {
  contract: { layer: 0, mayImport: [] },
  kernel: { layer: 1, mayImport: ['contract'] },
  config: { layer: 1, mayImport: WORDS },
  planner: { layer: 1, mayImport: WORDS },
  analysis: { layer: 1, mayImport: WORDS },
  telemetry: { layer: 2, mayImport: WORDS },
  store: { layer: 3, mayImport: [...WORDS, 'telemetry'] },
  sandbox: { layer: 3, mayImport: [...WORDS, 'telemetry'] },
  models: { layer: 3, mayImport: [...WORDS, 'telemetry'] },
  bus: { layer: 4, mayImport: [...WORDS, 'telemetry', 'store'] },
  registry: SERVICE,
  context: SERVICE,
  knowledge: SERVICE,
  spending: SERVICE,
  identity: SERVICE,
  orchestrator: { layer: 5, mayImport: BELOW_AGENTS },
  delivery: { layer: 5, mayImport: BELOW_AGENTS },
  agents: { layer: 6, mayImport: [...BELOW_AGENTS, 'delivery'] },
  factory: { layer: 7, mayImport: BELOW_FACTORY },
  operations: { layer: 8, mayImport: BELOW_OPERATIONS },
  api: { layer: 9, mayImport: [...WORDS, 'operations', 'identity', 'telemetry'] },
  client: { layer: 9, mayImport: ['contract'] },
  app: { layer: 10, mayImport: BELOW_APP },
  cli: { layer: 11, mayImport: [...WORDS, 'client', 'app'] },
};

/** The authors' door `src/index.ts`: what agent and workflow files import. */
export const AUTHORS_DOOR_MAY_IMPORT: readonly string[] = ['contract', 'agents'];

/** A room's front doors for one importer, where they are not its index.ts. */
export const SPECIAL_DOORS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cli: { app: 'embedded.ts' },
};

/**
 * A second front door for some importers: contract's words without the schema library, for rooms that run in worker threads; kernel's expressions, which
 * load a library that those threads do not need.
 */
export const SECOND_DOORS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  kernel: { contract: 'plain.ts' },
  store: { contract: 'plain.ts' },
  orchestrator: { kernel: 'expressions.ts' },
  agents: { kernel: 'expressions.ts' },
};

/** No file is longer: a file that needs a table of contents is two files. */
export const MAX_LINES = 500;

/** Folder and file names that say nothing: the thing in them has no name yet. */
export const NAMELESS = ['util', 'utils', 'helper', 'helpers', 'common', 'type', 'types', 'misc'];

/** Lint suppressions in src, bench, scripts and test. A budget that may only fall. */
export const SUPPRESSION_BUDGET = 6;
