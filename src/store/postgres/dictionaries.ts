// Small tables held in memory: lanes, tenant weights, caps. SQL stays the truth.
// Owns: the caches and their own connection (so that a new lane is committed before a flush uses it, and no transaction waits for it).
// I1: a lane's fields never change, so a cached lane is always right. I2: weights and caps are at most a rescan (a second) old.

import { hiveError } from '../../contract/index.ts';
import type { LaneKey, NewTask, ProjectKey, RouteKey, TenantKey } from '../../contract/index.ts';
import type { Lane } from '../lanes.ts';
import type { Link } from './link.ts';
import * as sql from './sql-dictionaries.ts';

export interface LaneEntry extends Lane {
  project: ProjectKey;
  /** Subjects of caps that could bind this lane. */
  subjects: readonly string[];
}
export type LaneOf = Pick<NewTask, 'tenant' | 'project' | 'route'> & { capKey?: string };

/** Lanes kept; keys of caps may be many (one per customer), so the cache starts afresh when it is this large. */
const MAX_LANES = 100_000;

interface LaneRow {
  key: number;
  tenant: number;
  project: number;
  route: number;
  cap_key: string;
  capabilities: string;
}

const valueOf = (of: LaneOf): string => `${of.tenant}/${of.project}/${of.route}/${of.capKey ?? ''}`;

export class Dictionaries {
  readonly #link: Link;
  readonly #byKey = new Map<LaneKey, LaneEntry>();
  readonly #byValue = new Map<string, LaneEntry>();
  #weights = new Map<TenantKey, number>();
  #caps = new Map<string, number>();

  constructor(link: Link) {
    this.#link = link;
  }

  /** The lane of a task; undefined when it is not in memory (see learn). */
  lane(of: LaneOf): LaneEntry | undefined {
    return this.#byValue.get(valueOf(of));
  }

  laneByKey(key: LaneKey): LaneEntry | undefined {
    return this.#byKey.get(key);
  }

  weight(tenant: TenantKey): number {
    return this.#weights.get(tenant) ?? 1;
  }

  get anyCaps(): boolean {
    return this.#caps.size > 0;
  }

  /** Keys of the caps that bind this lane, rising; empty for nearly all. */
  capsOf(lane: LaneEntry): number[] {
    if (this.#caps.size === 0) return [];
    const keys: number[] = [];
    for (const subject of lane.subjects) {
      const key = this.#caps.get(`${lane.tenant} ${subject}`);
      if (key !== undefined) keys.push(key);
    }
    return keys.toSorted((a, b) => a - b);
  }

  /** Finds or creates the lanes. Throws INPUT_INVALID when a tenant, project or route does not exist. */
  async learn(wanted: readonly LaneOf[]): Promise<void> {
    const missing = new Map<string, LaneOf>();
    for (const of of wanted) if (!this.#byValue.has(valueOf(of))) missing.set(valueOf(of), of);
    if (missing.size === 0) return;
    const list = [...missing.values()];
    for (const of of list) {
      if (![of.tenant, of.project, of.route].every(Number.isSafeInteger)) {
        throw hiveError('INPUT_INVALID', {
          message: 'tenant, project and route of a task are keys (integers)',
        });
      }
    }
    const values = [
      list.map((of) => of.tenant),
      list.map((of) => of.project),
      list.map((of) => of.route),
      list.map((of) => of.capKey ?? ''),
    ];
    const rows = await this.#link.run(async (client) => {
      await client.query({ ...sql.addLanes, values });
      return (await client.query<LaneRow>({ ...sql.lanesByValue, values })).rows;
    });
    this.#keep(rows);
  }

  /** Reads lanes that another host created. */
  async learnKeys(keys: readonly LaneKey[]): Promise<void> {
    const missing = keys.filter((key) => !this.#byKey.has(key));
    if (missing.length === 0) return;
    this.#keep(
      await this.#link.run(
        async (client) =>
          (await client.query<LaneRow>({ ...sql.lanesByKey, values: [missing] })).rows,
      ),
    );
  }

  /** Reads weights and caps afresh. */
  async refresh(): Promise<void> {
    await this.#link.run(async (client) => {
      const weights = await client.query<{ key: number; weight: number }>(sql.weights);
      const caps = await client.query<{ key: number; tenant: number; subject: string }>(sql.caps);
      this.#weights = new Map(weights.rows.map((row) => [row.key, row.weight]));
      this.#caps = new Map(caps.rows.map((row) => [`${row.tenant} ${row.subject}`, row.key]));
    });
  }

  async routes(sets: readonly (readonly string[])[]): Promise<RouteKey[]> {
    const texts = sets.map((set) => [...new Set(set)].toSorted().join(' '));
    const rows = await this.#link.run(async (client) => {
      await client.query({ ...sql.addRoutes, values: [texts] });
      return (
        await client.query<{ key: number; capabilities: string }>({
          ...sql.routesByValue,
          values: [texts],
        })
      ).rows;
    });
    const keys = new Map(rows.map((row) => [row.capabilities, row.key]));
    return texts.map((text) => keys.get(text) ?? 0);
  }

  async knownRoutes(): Promise<{ key: RouteKey; capabilities: string[] }[]> {
    const { rows } = await this.#link.run((client) =>
      client.query<{ key: number; capabilities: string }>(sql.allRoutes),
    );
    return rows.map((row) => ({ key: row.key, capabilities: row.capabilities.split(' ') }));
  }

  #keep(rows: readonly LaneRow[]): void {
    if (this.#byKey.size + rows.length > MAX_LANES) {
      this.#byKey.clear();
      this.#byValue.clear();
    }
    for (const row of rows) {
      const entry: LaneEntry = {
        key: row.key,
        tenant: row.tenant,
        project: row.project,
        route: row.route,
        subjects: subjectsOf(row),
      };
      this.#byKey.set(row.key, entry);
      this.#byValue.set(
        valueOf({
          tenant: row.tenant,
          project: row.project,
          route: row.route,
          capKey: row.cap_key,
        }),
        entry,
      );
    }
  }
}

function subjectsOf(row: LaneRow): string[] {
  const agents = row.capabilities.split(' ').filter((each) => each.startsWith('agent:'));
  return [
    'tenant',
    `project:${row.project}`,
    ...agents,
    ...(row.cap_key === '' ? [] : [`key:${row.cap_key}`]),
  ];
}
