// The rows of agents and instances (AgentData, S0-103 to S0-111; AgentInfo, S1-030 to S1-034): written at start, kept alive by the heartbeat.
// Owns these two tables' writes on this host. Lifecycle beyond online/offline belongs to the registry room of a later version.

import { idBytes } from '../contract/index.ts';
import type { AgentManifest, HostKey, NewEvent, Statement, Store } from '../contract/index.ts';
import type { Clock, IdSource } from '../kernel/index.ts';

const DEFAULT_TENANT = 1; // built-in agents belong to the default tenant; the project's own follow with the registry

export class AgentRecords {
  readonly #parts: { store: Store; clock: Clock; ids: IdSource; host: HostKey };

  constructor(parts: { store: Store; clock: Clock; ids: IdSource; host: HostKey }) {
    this.#parts = parts;
  }

  /** Upserts every agent, opens an instance row for it, and tells `agent.registered`. */
  async register(manifests: readonly AgentManifest[]): Promise<void> {
    const { store, clock, ids, host } = this.#parts;
    const nowMs = clock.now();
    const statements: Statement[] = [];
    const events: NewEvent[] = [];
    for (const manifest of manifests) {
      const capabilities = JSON.stringify(manifest.capabilities);
      const instance = ids.make('instance');
      statements.push(
        this.#statement(
          `insert into agents (id, tenant, name, type, version, capabilities, status, created_ms, last_heartbeat_ms) values (?, ?, ?, ?, ?, ?, 'idle', ?, ?)
           on conflict (tenant, name, version) do update set type = excluded.type, capabilities = excluded.capabilities, status = 'idle', last_heartbeat_ms = excluded.last_heartbeat_ms`,
          [
            idBytes('agent', ids.make('agent')),
            DEFAULT_TENANT,
            manifest.name,
            manifest.type,
            manifest.version,
            capabilities,
            nowMs,
            nowMs,
          ],
        ),
        this.#statement(
          `insert into instances (id, tenant, agent, host, status, slots, started_ms, last_heartbeat_ms)
           select ?, ?, key, ?, 'idle', ?, ?, ? from agents where tenant = ? and name = ? and version = ?`,
          [
            idBytes('instance', instance),
            DEFAULT_TENANT,
            host,
            manifest.concurrency,
            nowMs,
            nowMs,
            DEFAULT_TENANT,
            manifest.name,
            manifest.version,
          ],
        ),
      );
      events.push({
        type: 'agent.registered',
        tenant: DEFAULT_TENANT,
        atMs: nowMs,
        data: {
          agent: manifest.name,
          agentType: manifest.type,
          capabilities: manifest.capabilities,
          instance,
        },
      });
    }
    if (statements.length > 0) await store.write(statements);
    if (events.length > 0) await store.core.enqueue([{ tasks: [], events }]);
  }

  /** The heartbeat of all instances of this host, with how many slots are busy. */
  async heartbeat(busyByAgent: ReadonlyMap<string, number>): Promise<void> {
    const { store, clock, host } = this.#parts;
    const nowMs = clock.now();
    const statements = [...busyByAgent].flatMap(([name, busy]) => [
      this.#statement(
        'update instances set last_heartbeat_ms = ?, busy = ?, status = ? where host = ? and agent in (select key from agents where name = ?)',
        [nowMs, busy, busy > 0 ? 'busy' : 'idle', host, name],
      ),
      this.#statement(
        'update agents set last_heartbeat_ms = ?, status = ? where tenant = ? and name = ?',
        [nowMs, busy > 0 ? 'busy' : 'idle', DEFAULT_TENANT, name],
      ),
    ]);
    if (statements.length > 0) await store.write(statements);
  }

  async end(): Promise<void> {
    const { store, clock, host } = this.#parts;
    const nowMs = clock.now();
    await store.write([
      this.#statement(
        `update instances set status = 'offline', ended_ms = ? where host = ? and ended_ms is null`,
        [nowMs, host],
      ),
      this.#statement('update hosts set ended_ms = ? where key = ?', [nowMs, host]),
    ]);
  }

  /** Question marks become $1, $2 … on PostgreSQL. */
  #statement(sql: string, parameters: readonly unknown[]): Statement {
    let at = 0;
    return {
      sql: this.#parts.store.dialect === 'sqlite' ? sql : sql.replaceAll('?', () => `$${++at}`),
      parameters,
    };
  }
}
