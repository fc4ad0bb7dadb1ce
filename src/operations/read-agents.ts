/** The agents of the live hosts with their slots, from the rows that their heartbeat keeps. */
import { sql } from 'kysely';
import { taskStates } from '../contract/index.ts';
import type { AgentView } from '../contract/index.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { storedJson } from './stored-json.ts';

/** Four heartbeats of 5 s: whoever was silent for so long is gone. */
const LOST_AFTER_MS = 20_000;

export async function readAgents(context: OperationContext): Promise<AgentView[]> {
  const { hive, principal, clock } = context;
  let query = hive.sql
    .selectFrom('instances')
    .innerJoin('agents', 'agents.key', 'instances.agent')
    .innerJoin('hosts', 'hosts.key', 'instances.host')
    .where('instances.tenant', '=', principal.tenant)
    .where('instances.ended_ms', 'is', null)
    .select([
      'agents.name as name',
      'agents.type as type',
      'agents.version as version',
      'agents.capabilities as capabilities',
      'instances.status as status',
      'instances.slots as slots',
      'hosts.id as host',
      'hosts.key as host_key',
    ])
    .orderBy('agents.name');
  // The embedded store has one writer: rows of other hosts are what a killed one left behind.
  query =
    hive.store.dialect === 'sqlite'
      ? query.where('instances.host', '=', hive.host.key)
      : query.where('instances.last_heartbeat_ms', '>', clock.now() - LOST_AFTER_MS);
  const [rows, leases] = await Promise.all([selectRows(context, query), countLeases(context)]);
  return rows.map(({ host_key, capabilities, ...row }) => {
    // Tasks are leased a little ahead of free slots.
    const busy = Math.min(row.slots, leases.get(`${host_key} ${row.name}`) ?? 0);
    const status =
      row.status === 'idle' || row.status === 'busy' ? (busy > 0 ? 'busy' : 'idle') : row.status;
    return { ...row, busy, status, capabilities: capabilitiesOf(capabilities) };
  });
}

/** Leased tasks by host and agent: the rows of instances know it only as of the last heartbeat. */
async function countLeases(context: OperationContext): Promise<Map<string, number>> {
  const query = context.hive.sql
    .selectFrom('tasks')
    .where('tenant', '=', context.principal.tenant)
    .where('state', '=', sql.lit(taskStates.leased)) // a literal, for the partial index
    .groupBy(['host', 'agent'])
    .select(({ fn }) => ['host', 'agent', fn.countAll().as('count')]);
  const rows = await selectRows(context, query);
  return new Map(rows.map(({ host, agent, count }) => [`${host} ${agent}`, Number(count)]));
}

function capabilitiesOf(text: string): string[] {
  const stored = storedJson(text);
  return Array.isArray(stored) ? stored.filter((each) => typeof each === 'string') : [];
}

/** The hosts of these agents, and this one. */
export function liveHosts(
  { hive }: OperationContext,
  agents: readonly AgentView[],
): { id: string; alive: boolean; draining: boolean }[] {
  const others = new Set(agents.map(({ host }) => host).filter((id) => id !== hive.host.id));
  return [
    { id: hive.host.id, alive: true, draining: hive.isDraining() },
    ...[...others].map((id) => ({ id, alive: true, draining: false })),
  ];
}
