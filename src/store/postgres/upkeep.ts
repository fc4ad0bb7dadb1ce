// Care of leases and timers: start, renew, reap, promote.
// Owns: the upkeep connection. Who may call it: the store's core.
// suspect: 0 = never lost an owner; 1 = lost one, not marked started since; 2 = lost one and marked started since (the next loss is a crash).
// I1: a loss is counted once, whichever hosts look (rows are locked and skipped). I2: a host is dead when nobody holds its advisory lock; the
// lease time is for hosts that hang. I3: what reaches MAX_CRASHES stays leased, to the reaper and under a new fence, until it is settled.

import type { Client } from 'pg';
import { crashPoint, formatId, MAX_CRASHES } from '../../contract/index.ts';
import type {
  HostKey,
  LostTask,
  ReapResult,
  RunId,
  RunKey,
  TaskKey,
} from '../../contract/index.ts';
import { claimedTask } from './claim.ts';
import type { ClaimedCells } from './claim.ts';
import type { Dictionaries } from './dictionaries.ts';
import { Effects } from './effects.ts';
import { transaction } from './link.ts';
import type { Link } from './link.ts';
import { LOCK_NAMESPACE } from './migrate.ts';
import { capsOfLanes } from './settle-writer.ts';
import * as sql from './sql-claim.ts';
import { giveBack } from './sql-settle.ts';

/** Lease given to the reaper of a task that is about to be declared dead: nobody else reaps it meanwhile. */
const LAST_LEASE_MS = 15_000;

type Lost = [
  ...ClaimedCells,
  tenant: number,
  host: HostKey,
  agent: string | null,
  startedMs: number | null,
  capped: number,
  hold: number,
  hostDead: boolean,
];
const at = {
  key: 0,
  run: 2,
  lane: 9,
  fence: 11,
  errors: 12,
  crashes: 13,
  suspect: 14,
  tenant: 20,
  host: 21,
  agent: 22,
  startedMs: 23,
  capped: 24,
  hold: 25,
  hostDead: 26,
} as const;

export interface UpkeepOptions {
  link: Link;
  dictionaries: Dictionaries;
  committed: (effects: Effects) => void;
}

export class Upkeep {
  readonly #options: UpkeepOptions;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(marks: readonly { key: TaskKey; fence: number; startedMs: number }[]): Promise<TaskKey[]> {
    return this.#mark({ statement: sql.start, marks, more: [] });
  }

  renew(
    leases: readonly { key: TaskKey; fence: number; startedMs: number | null }[],
    untilMs: number,
  ): Promise<TaskKey[]> {
    if (leases.length > 0) crashPoint('C18');
    return this.#mark({ statement: sql.renew, marks: leases, more: [untilMs] });
  }

  async #mark(of: {
    statement: { name: string; text: string };
    marks: readonly { key: TaskKey; fence: number; startedMs: number | null }[];
    more: number[];
  }): Promise<TaskKey[]> {
    const { statement, more } = of;
    if (of.marks.length === 0) return [];
    const marks = of.marks.toSorted((a, b) => a.key - b.key); // as everybody takes these locks
    const values = [
      marks.map((mark) => mark.key),
      marks.map((mark) => mark.fence),
      marks.map((mark) => mark.startedMs),
      ...more,
    ];
    const { rows } = await this.#options.link.run((client) =>
      client.query<{ key: number }>({ ...statement, values }),
    );
    const owned = new Set(rows.map((row) => row.key));
    return marks.filter((mark) => !owned.has(mark.key)).map((mark) => mark.key);
  }

  async promote(request: {
    nowMs: number;
    limit: number;
  }): Promise<{ promoted: number; nextDueMs: number | null }> {
    const effects = new Effects();
    const result = await this.#options.link.run(async (client) => {
      const rows = await transaction(client, async () => {
        const due = await client.query<{ lane: number; tasks: number }>({
          ...sql.promote,
          values: [request.nowMs, request.limit],
        });
        if (due.rows.length > 0) crashPoint('C15');
        return due.rows;
      });
      const next = await client.query<{ due_ms: number }>(sql.nextDue);
      await this.#ready(
        effects,
        rows.map((row) => row.lane),
      );
      return {
        promoted: rows.reduce((sum, row) => sum + row.tasks, 0),
        nextDueMs: next.rows[0]?.due_ms ?? null,
      };
    });
    if (result.promoted > 0) crashPoint('C15');
    this.#options.committed(effects);
    return result;
  }

  async reap(request: { host: HostKey; nowMs: number }): Promise<ReapResult> {
    const { link, dictionaries, committed } = this.#options;
    const effects = new Effects();
    const found = await link.run((client) =>
      transaction(client, async () => {
        const dead = await client.query<{ key: number }>({
          ...sql.deadHosts,
          values: [request.host, request.nowMs, LOCK_NAMESPACE],
        });
        const lost = await client.query<Lost>({
          ...sql.lostLeases,
          values: [request.host, request.nowMs, LOCK_NAMESPACE],
          rowMode: 'array',
        });
        await dictionaries.learnKeys(lost.rows.map((row) => row[at.lane]));
        const isExhausted = (row: Lost): boolean =>
          row[at.suspect] === 2 && row[at.crashes] + 1 >= MAX_CRASHES;
        const released = lost.rows.filter((row) => !isExhausted(row));
        await this.#release(client, { rows: released, nowMs: request.nowMs });
        const exhausted = await this.#hold(client, {
          rows: lost.rows.filter(isExhausted),
          request,
        });
        await this.#ready(
          effects,
          released.flatMap((row) => (row[at.hold] === 1 ? [] : [row[at.lane]])),
        );
        const hosts = [
          ...dead.rows.map((row) => row.key),
          ...lost.rows.flatMap((row) => (row[at.hostDead] ? [row[at.host]] : [])),
        ];
        return { released: released.length, exhausted, hosts: [...new Set(hosts)] };
      }),
    );
    committed(effects);
    return found;
  }

  async #release(client: Client, of: { rows: readonly Lost[]; nowMs: number }): Promise<void> {
    const { rows, nowMs } = of;
    if (rows.length === 0) return;
    const isCrash = (row: Lost): boolean => row[at.suspect] === 2;
    const keys = rows.map((row) => row[at.key]);
    await client.query({
      ...sql.release,
      values: [keys, rows.map((row) => (isCrash(row) ? 1 : 0))],
    });
    await client.query({
      ...sql.insertAttempts,
      values: [
        rows.map((row) => row[at.tenant]),
        keys,
        rows.map((row) => row[at.errors] + 1),
        rows.map((row) => row[at.fence]),
        rows.map((row) => row[at.agent] ?? ''),
        rows.map((row) => row[at.host]),
        rows.map((row) => (isCrash(row) ? 'crash' : 'lost')),
        rows.map((row) => row[at.startedMs]),
        rows.map(() => nowMs),
      ],
    });
    const freed = await capsOfLanes(
      this.#options,
      rows.flatMap((row) => (row[at.capped] === 1 ? [row[at.lane]] : [])),
    );
    if (freed.size > 0)
      await client.query({ ...giveBack, values: [[...freed.keys()], [...freed.values()]] });
  }

  async #hold(
    client: Client,
    of: { rows: readonly Lost[]; request: { host: HostKey; nowMs: number } },
  ): Promise<LostTask[]> {
    const { rows, request } = of;
    if (rows.length === 0) return [];
    const held = await client.query<{ key: number; fence: number }>({
      ...sql.hold,
      values: [rows.map((row) => row[at.key]), request.host, request.nowMs + LAST_LEASE_MS],
    });
    const fences = new Map(held.rows.map((row) => [row.key, row.fence]));
    const runKeys = [
      ...new Set(rows.flatMap((row) => (row[at.run] === null ? [] : [row[at.run]]))),
    ];
    const runs =
      runKeys.length === 0
        ? []
        : (
            await client.query<{ key: number; id: Uint8Array }>({
              ...sql.runIds,
              values: [runKeys],
            })
          ).rows;
    const runIds = new Map<RunKey | null, RunId>(
      runs.map((row) => [row.key, formatId('run', row.id)]),
    );
    return rows.map((row) => {
      const task = claimedTask(
        row.slice(0, 20) as ClaimedCells,
        this.#options.dictionaries.laneByKey(row[at.lane]),
      );
      return {
        task: {
          ...task,
          fence: fences.get(task.key) ?? task.fence,
          runId: runIds.get(task.runKey) ?? null,
        },
        host: row[at.host],
        startedMs: row[at.startedMs],
      };
    });
  }

  async #ready(effects: Effects, lanes: readonly number[]): Promise<void> {
    const { dictionaries } = this.#options;
    await dictionaries.learnKeys(lanes);
    for (const key of lanes) {
      const lane = dictionaries.laneByKey(key);
      if (lane !== undefined) effects.ready.add(lane);
    }
  }
}
