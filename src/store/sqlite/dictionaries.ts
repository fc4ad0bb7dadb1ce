// Small tables held in memory by the writer: routes, lanes, tenant weights, caps, run ids. SQL stays the truth; `reset` forgets everything
// after a rolled-back flush, because it may have handed out keys that no longer exist.

import type { DatabaseSync } from 'node:sqlite';
import { formatId } from '../../contract/plain.ts';
import type { LaneKey, RouteKey, RunId, RunKey, TenantKey } from '../../contract/index.ts';
import type { Lane } from '../lanes.ts';

/** Run ids kept for claims; a run is a handful of bytes and old ones are read again. */
const MAX_RUN_IDS = 10_000;

export interface LaneEntry extends Lane {
  /** Subjects of caps that could bind this lane. */
  subjects: string[];
}

export class Dictionaries {
  readonly #db: DatabaseSync;
  #lanes = new Map<LaneKey, LaneEntry>();
  #laneKeys = new Map<string, LaneKey>();
  #routes = new Map<string, RouteKey>();
  #runIds = new Map<RunKey, RunId>();
  #weights = new Map<TenantKey, number>();
  #capSubjects: Set<string> | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  reset(): void {
    this.#lanes.clear();
    this.#laneKeys.clear();
    this.#routes.clear();
    this.#runIds.clear();
    this.settingsChanged();
  }

  /** A cold write may have changed weights or caps. */
  settingsChanged(): void {
    this.#weights.clear();
    this.#capSubjects = undefined;
  }

  route(capabilities: readonly string[]): RouteKey {
    const text = [...new Set(capabilities)].toSorted().join(' ');
    let key = this.#routes.get(text);
    if (key === undefined) {
      this.#db
        .prepare('insert into routes (capabilities) values (?) on conflict do nothing')
        .run(text);
      key = Number(
        this.#db.prepare('select key from routes where capabilities = ?').get(text)?.['key'],
      );
      this.#routes.set(text, key);
    }
    return key;
  }

  laneFor(of: { tenant: TenantKey; project: number; route: RouteKey; capKey?: string }): LaneEntry {
    const capKey = of.capKey ?? '';
    const text = `${of.tenant}/${of.project}/${of.route}/${capKey}`;
    const known = this.#laneKeys.get(text);
    if (known !== undefined) {
      const lane = this.#lanes.get(known);
      if (lane !== undefined) return lane;
    }
    this.#db
      .prepare(
        'insert into lanes (tenant, project, route, cap_key) values (?, ?, ?, ?) on conflict do nothing',
      )
      .run(of.tenant, of.project, of.route, capKey);
    const row = this.#db
      .prepare(
        'select key from lanes where tenant = ? and project = ? and route = ? and cap_key = ?',
      )
      .get(of.tenant, of.project, of.route, capKey);
    const lane = this.lane(Number(row?.['key']));
    this.#laneKeys.set(text, lane.key);
    return lane;
  }

  lane(key: LaneKey): LaneEntry {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      const row = this.#db
        .prepare(
          'select l.tenant, l.project, l.route, l.cap_key, r.capabilities from lanes l join routes r on r.key = l.route where l.key = ?',
        )
        .get(key);
      const subjects = ['tenant', `project:${Number(row?.['project'])}`];
      for (const each of String(row?.['capabilities']).split(' '))
        if (each.startsWith('agent:')) subjects.push(each);
      const capKey = String(row?.['cap_key'] ?? '');
      if (capKey !== '') subjects.push(`key:${capKey}`);
      lane = { key, tenant: Number(row?.['tenant']), route: Number(row?.['route']), subjects };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  weight(tenant: TenantKey): number {
    let weight = this.#weights.get(tenant);
    if (weight === undefined) {
      weight = Number(
        this.#db.prepare('select weight from tenants where key = ?').get(tenant)?.['weight'] ?? 1,
      );
      this.#weights.set(tenant, weight);
    }
    return weight;
  }

  /** The caps that bind this lane; empty for nearly all. */
  capsOf(lane: LaneEntry): string[] {
    if (this.#capSubjects === undefined) {
      this.#capSubjects = new Set(
        this.#db
          .prepare('select tenant, subject from caps')
          .all()
          .map((row) => `${Number(row['tenant'])} ${String(row['subject'])}`),
      );
    }
    const known = this.#capSubjects;
    if (known.size === 0) return [];
    return lane.subjects.filter((subject) => known.has(`${lane.tenant} ${subject}`));
  }

  get anyCaps(): boolean {
    if (this.#capSubjects === undefined) this.capsOf({ key: 0, tenant: 0, route: 0, subjects: [] });
    return (this.#capSubjects?.size ?? 0) > 0;
  }

  runId(key: RunKey): RunId | null {
    const known = this.#runIds.get(key);
    if (known !== undefined) return known;
    const row = this.#db.prepare('select id from runs where key = ?').get(key);
    if (!(row?.['id'] instanceof Uint8Array)) return null;
    const id = formatId('run', row['id']);
    if (this.#runIds.size >= MAX_RUN_IDS) this.#runIds.clear();
    this.#runIds.set(key, id);
    return id;
  }
}
