// The table of every setting: the environment variables of the requirements S0-273 to S0-287 with the seed's defaults, and ours.
// One row feeds the loader, docs/configuration.md, the notices at start and `config list`. Adding a setting is adding a row.
// I1: names, file keys and flags are unique (tested). I2: a secret has no flag: the process list shows flags to every user of the machine.
// I3: `effective: false` means that setting it has no effect yet; the loader says so instead of ignoring it.

import { availableParallelism } from 'node:os';
import { jsonLimits, logLevels } from '../contract/index.ts';
import { Secret } from './secret.ts';
import {
  bytes,
  choice,
  integer,
  integerOrAuto,
  label,
  path,
  secretText,
  secretUrl,
  url,
} from './setting-kinds.ts';
import { optional, required } from './setting.ts';
import type { Setting } from './setting.ts';

const SECRET_CHARACTERS = 32; // 256 bits when each character carries 8; the least that HS256 accepts (RFC 7518, 3.2)
const MEBIBYTE = 1_024 ** 2;

export const settings = {
  hiveId: required({
    name: 'HIVE_ID',
    key: 'hive.id',
    flag: 'hive-id',
    kind: label,
    value: 'main-hive',
    help: 'Name of this hive; stands on every log line.',
  }),
  dataDirectory: optional({
    name: 'HIVE_DATA',
    key: 'hive.data',
    flag: 'data',
    kind: path,
    isPath: true,
    fallbackText:
      '`.hive` beside hive.config.yaml, else `hivewright` in the data folder of the user',
    help: 'Directory that holds the embedded store, reports, logs and the token file.',
  }),
  minFreeBytes: required({
    name: 'HIVE_MIN_FREE_BYTES',
    key: 'hive.minFreeBytes',
    unit: 'bytes',
    kind: bytes(0, 1_024 ** 4),
    value: 256 * MEBIBYTE,
    fallbackText: '256MiB',
    help: 'Free disk space below which new work is refused, so that what was accepted can still be finished.',
  }),
  url: optional({
    name: 'HIVE_URL',
    key: 'hive.url',
    flag: 'url',
    kind: url(['http', 'https']),
    fallbackText: 'the hive that holds the data directory, else one inside the command',
    help: 'Address of the hive that commands talk to.',
  }),
  token: optional({
    name: 'HIVE_TOKEN',
    key: 'hive.token',
    kind: secretText(SECRET_CHARACTERS),
    isSecret: true,
    fallbackText: 'the token file of the data directory',
    help: 'Token that commands send to the hive of HIVE_URL.',
  }),
  distributionStrategy: required({
    name: 'DISTRIBUTION_STRATEGY',
    key: 'tasks.distributionStrategy',
    flag: 'distribution',
    kind: choice(['capability_based', 'least_busy', 'round_robin', 'priority']),
    value: 'capability_based',
    help: 'How an agent is chosen among those that have every capability a task needs.',
  }),
  concurrency: required({
    name: 'HIVE_CONCURRENCY',
    key: 'tasks.concurrency',
    flag: 'concurrency',
    kind: integer(1, 10_000),
    value: 64,
    help: 'Tasks that one host works on at the same time, over all its agents.',
  }),
  leaseMs: required({
    name: 'HIVE_LEASE_MS',
    key: 'tasks.leaseMs',
    unit: 'ms',
    kind: integer(1_000, 600_000),
    value: 15_000,
    help: 'How long a claimed task stays with a host that gives no sign of life; renewed every third of it.',
  }),
  maxPayloadBytes: required({
    name: 'HIVE_MAX_PAYLOAD_BYTES',
    key: 'tasks.maxPayloadBytes',
    unit: 'bytes',
    kind: bytes(1_024, 64 * MEBIBYTE),
    value: jsonLimits.bytes,
    fallbackText: '1MiB',
    help: 'Largest input or result of one task, as JSON text.',
  }),
  commandTimeoutSeconds: required({
    name: 'COMMAND_TIMEOUT',
    key: 'tasks.commandTimeout',
    unit: 's',
    kind: integer(1, 86_400),
    value: 300,
    effective: false,
    help: 'Time limit of one sandboxed command.',
  }),
  maxAgentsPerType: required({
    name: 'MAX_AGENTS_PER_TYPE',
    key: 'agents.maxPerType',
    kind: integer(1, 10_000),
    value: 10,
    effective: false,
    help: 'Instances of one agent type on this hive.',
  }),
  threads: required({
    name: 'HIVE_THREADS',
    key: 'agents.threads',
    flag: 'threads',
    kind: integerOrAuto(1, 256),
    fallback: () => null,
    fallbackText: `auto: one per processor`,
    help: 'Worker threads that run agents.',
  }),
  workerHeapMb: required({
    name: 'HIVE_WORKER_HEAP_MB',
    key: 'agents.workerHeapMb',
    unit: 'MiB',
    kind: integer(32, 65_536),
    value: 256,
    help: 'Memory of one worker thread; an agent that needs more is ended, and only its worker with it.',
  }),
  apiPort: required({
    name: 'API_PORT',
    key: 'api.port',
    flag: 'port',
    kind: integer(0, 65_535),
    value: 8_000,
    help: 'Port of the API and the dashboard on the loopback address; 0 takes any free one.',
  }),
  apiWorkers: required({
    name: 'API_WORKERS',
    key: 'api.workers',
    kind: integer(1, 256),
    value: 4,
    effective: false,
    help: 'Processes that answer API requests.',
  }),
  websocketPort: required({
    name: 'WS_PORT',
    key: 'api.websocketPort',
    kind: integer(0, 65_535),
    value: 8_001,
    effective: false,
    help: 'Port of the WebSocket server.',
  }),
  websocketPingSeconds: required({
    name: 'WS_PING_INTERVAL',
    key: 'api.websocketPing',
    unit: 's',
    kind: integer(1, 3_600),
    value: 30,
    effective: false,
    help: 'Time between two pings on a WebSocket.',
  }),
  websocketMaxConnections: required({
    name: 'WS_MAX_CONNECTIONS',
    key: 'api.websocketMaxConnections',
    kind: integer(1, 1_000_000),
    value: 100,
    effective: false,
    help: 'WebSockets that may be open at the same time.',
  }),
  postgresUrl: optional({
    name: 'POSTGRES_URL',
    key: 'store.postgres',
    kind: secretUrl(['postgres', 'postgresql']),
    isSecret: true,
    fallbackText: 'none: the embedded SQLite store in the data directory',
    help: 'PostgreSQL 15 or later to keep everything in, for several hosts on one store.',
  }),
  redisUrl: required({
    name: 'REDIS_URL',
    key: 'store.redis',
    kind: secretUrl(['redis', 'rediss']),
    isSecret: true,
    fallback: () => new Secret('redis://localhost:6379'),
    fallbackText: 'redis://localhost:6379',
    effective: false,
    help: 'Redis for fan-out, cache and counters of several hosts.',
  }),
  jwtSecret: required({
    name: 'JWT_SECRET',
    key: 'security.jwtSecret',
    kind: secretText(SECRET_CHARACTERS),
    isSecret: true,
    fallback: (facts) => new Secret(facts.randomText()),
    fallbackText: 'random at each start',
    effective: false,
    help: 'Key that signs access tokens.',
  }),
  jwtExpirySeconds: required({
    name: 'JWT_EXPIRY',
    key: 'security.jwtExpiry',
    unit: 's',
    kind: integer(60, 2_592_000),
    value: 3_600,
    effective: false,
    help: 'Life of an access token.',
  }),
  rateLimitRequests: required({
    name: 'RATE_LIMIT_REQUESTS',
    key: 'security.rateLimitRequests',
    kind: integer(1, 1_000_000),
    value: 100,
    effective: false,
    help: 'API requests that one caller may make in each RATE_LIMIT_PERIOD.',
  }),
  rateLimitSeconds: required({
    name: 'RATE_LIMIT_PERIOD',
    key: 'security.rateLimitPeriod',
    unit: 's',
    kind: integer(1, 86_400),
    value: 60,
    effective: false,
    help: 'Length of the period of RATE_LIMIT_REQUESTS.',
  }),
  logLevel: required({
    name: 'HIVE_LOG_LEVEL',
    key: 'logs.level',
    flag: 'log-level',
    kind: choice(logLevels),
    value: 'INFO',
    help: 'Least level that is written.',
  }),
  logRetentionDays: required({
    name: 'HIVE_LOG_RETENTION_DAYS',
    key: 'logs.retentionDays',
    unit: 'days',
    kind: integer(1, 3_650),
    value: 30,
    help: 'Days after which a log file of the data directory is removed.',
  }),
  retentionDays: required({
    name: 'HIVE_RETENTION_DAYS',
    key: 'store.retentionDays',
    unit: 'days',
    kind: integer(0, 36_500),
    value: 30,
    help: 'Days after which a run or single task that has ended is deleted with all that belongs to it; 0 keeps them for ever. A project may have its own number.',
  }),
  retentionRuns: optional({
    name: 'HIVE_RETENTION_RUNS',
    key: 'store.retentionRuns',
    kind: integer(1, 100_000_000),
    fallbackText: 'none: only their age counts',
    help: 'Ended runs and single tasks that are kept at most; older ones are deleted first. A project may have its own number.',
  }),
} as const;

export type SettingProperty = keyof typeof settings;
export type SettingValues = {
  readonly [K in SettingProperty]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};

/** Worker threads that `auto` stands for. */
export function automaticThreads(): number {
  return Math.max(1, availableParallelism());
}
