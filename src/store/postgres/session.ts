// One connection to PostgreSQL, made the same way everywhere: bounded waits, role, planner settings, numbers for bigint.
// Who may call it: Link, Listener, the read pool and migrate. Nothing else opens connections.
// I1: every wait is bounded (reliability rule 6). I2: a session that serves requests never runs as the login role.

import { Client, types } from 'pg';
import type { ClientConfig, CustomTypesConfig } from 'pg';

export const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 2_000;
const IDLE_IN_TRANSACTION_MS = 10_000;
/** When the server has not answered by then (half-open connection), the session is given up: later than its own statement_timeout. */
const ANSWER_TIMEOUT_MS = 8_000;
const MIGRATION_STATEMENT_MS = 600_000;

const OID_INT8 = 20;
const asNumber = (value: string): number => Number(value); // S8: keys stay below 2^53; counters and milliseconds do too

const getTypeParser = ((oid: number, format?: 'text' | 'binary'): unknown =>
  oid === OID_INT8 && format !== 'binary'
    ? asNumber
    : types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'];

export type SessionKind = 'hot' | 'cold' | 'listen' | 'migrate';

/** What a pool or a client needs to reach the server. */
export function clientConfig(url: string, kind: SessionKind): ClientConfig {
  return {
    connectionString: url,
    application_name: `hivewright ${kind}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
    pipeline: kind !== 'migrate', // BEGIN travels with the first statement, COMMIT with the last read
    ...(kind === 'migrate' ? {} : { query_timeout: ANSWER_TIMEOUT_MS }),
  };
}

/** Settings of a fresh session, in one round trip. */
export function sessionSettings(kind: SessionKind): string {
  const bounds = `set statement_timeout = ${kind === 'migrate' ? MIGRATION_STATEMENT_MS : STATEMENT_TIMEOUT_MS};
    set lock_timeout = ${LOCK_TIMEOUT_MS};
    set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS};
    set client_min_messages = warning; set jit = off;`;
  if (kind === 'migrate') return bounds;
  const role = `set role hive_core;`;
  if (kind !== 'hot') return `${bounds} ${role}`;
  // Hot plans must not depend on statistics (a plan made for an empty table once cost a peer 95 % of its speed): every hot statement has
  // exactly one good plan, index lookups driven by the parameters, so the other ways are priced out and plans are made once.
  return `${bounds} ${role}
    set plan_cache_mode = force_generic_plan;
    set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set enable_bitmapscan = off;
    set enable_sort = off; set enable_material = off;`;
}

/** Opens a session. Throws what pg throws; an error after that arrives with the next query. */
export async function openSession(url: string, kind: SessionKind): Promise<Client> {
  const client = new Client(clientConfig(url, kind));
  client.on('error', () => undefined); // without a listener a lost idle connection would end the process; the next query reports it
  try {
    await client.connect();
    await client.query(sessionSettings(kind));
    return client;
  } catch (error) {
    client.end().catch(() => undefined);
    throw error;
  }
}
