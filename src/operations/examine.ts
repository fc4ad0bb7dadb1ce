/** The doctor's checks over plain facts. Each says ok, warn or fail, and what to do. Pure. */
import type { AgentView, DoctorCheck, StoreHealth } from '../contract/index.ts';
import type { HostFacts } from './hive-port.ts';

export interface DoctorFacts {
  host: HostFacts;
  /** Or why the store did not answer. */
  store: StoreHealth | { problem: string };
  agents: readonly AgentView[];
}

/** Type stripping without a flag, node:sqlite without a flag. */
const MINIMUM_NODE = [22, 18] as const;

export function examine(facts: DoctorFacts): DoctorCheck[] {
  return [
    checkNode(facts.host.nodeVersion),
    ...checkStore(facts),
    checkLock(facts.host),
    checkThreads(facts.host),
    checkAgents(facts.agents),
    ...facts.host.notices.map((notice) =>
      warn(
        'configuration',
        notice,
        'Remove the setting, or see CHANGELOG.md for when it takes effect.',
      ),
    ),
    ...(facts.host.notices.length === 0
      ? [ok('configuration', 'every setting that is given has an effect')]
      : []),
  ];
}

const ok = (name: string, message: string): DoctorCheck => ({
  name,
  status: 'ok',
  message,
  fix: null,
});
const warn = (name: string, message: string, fix: string): DoctorCheck => ({
  name,
  status: 'warn',
  message,
  fix,
});
const fail = (name: string, message: string, fix: string): DoctorCheck => ({
  name,
  status: 'fail',
  message,
  fix,
});

/** Also used where no hive can be opened. */
export function checkNode(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isEnough =
    major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
  return isEnough
    ? ok('node', `Node ${version}`)
    : fail(
        'node',
        `Node ${version} is too old`,
        `Use Node ${MINIMUM_NODE.join('.')} or later; \`npm start\` brings its own.`,
      );
}

function checkStore({ store, host }: DoctorFacts): DoctorCheck[] {
  if ('problem' in store) {
    return [
      fail(
        'store',
        store.problem,
        'Check that the database runs, is reachable and has disk space.',
      ),
    ];
  }
  const { dialect, durability, schemaVersion, freeBytes, accepting } = store;
  const schema =
    schemaVersion === host.expectedSchemaVersion
      ? ok('schema', `version ${schemaVersion}`)
      : fail(
          'schema',
          `version ${schemaVersion}, this program writes ${host.expectedSchemaVersion}`,
          'Start the hive of the newer version, which migrates by itself.',
        );
  return [
    ok('store', `${dialect}, ${durability}, in ${host.dataDirectory}`),
    schema,
    checkDisk({ freeBytes, accepting, host }),
  ];
}

function checkDisk({
  freeBytes,
  accepting,
  host,
}: {
  freeBytes: number | null;
  accepting: boolean;
  host: HostFacts;
}): DoctorCheck {
  const fix = 'Free space on the volume of the data directory, or lower HIVE_MIN_FREE_BYTES.';
  if (freeBytes === null) return ok('disk', 'the database server watches its own disk');
  const text = `${megabytes(freeBytes)} free, watermark ${megabytes(host.minFreeBytes)}`;
  if (!accepting) return fail('disk', `${text}: new work is refused`, fix);
  return freeBytes < host.minFreeBytes * 2 ? warn('disk', text, fix) : ok('disk', text);
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1_048_576)} MB`;

function checkLock({ lock }: HostFacts): DoctorCheck {
  if (lock === null) return ok('lock', 'not needed: the database server serialises');
  return lock.isHeld
    ? ok('lock', `held: ${lock.path}`)
    : fail(
        'lock',
        `not held: ${lock.path}`,
        'Stop this hive: another one may write to the same directory.',
      );
}

function checkThreads({ threads }: HostFacts): DoctorCheck {
  return threads.live < threads.configured
    ? warn(
        'threads',
        `${threads.live} of ${threads.configured} worker threads live`,
        'They are replaced by themselves; look at the log if this stays.',
      )
    : ok('threads', `${threads.live} worker threads`);
}

function checkAgents(agents: readonly AgentView[]): DoctorCheck {
  if (agents.length === 0)
    return fail(
      'agents',
      'no agent is loaded',
      'Add an agent to agents/, or start without --agents.',
    );
  const broken = agents.filter(({ status }) => status === 'error');
  if (broken.length > 0) {
    return fail(
      'agents',
      `not working: ${broken.map(({ name }) => name).join(', ')}`,
      'Look at the log for the error of each.',
    );
  }
  const list = agents.map(({ name, capabilities }) => `${name} (${capabilities.join(' ')})`);
  return ok('agents', list.join(', '));
}
