// Claims: choose lanes (fair, in memory), take rows (SQL), count caps.
// Owns: the claim connection and the lanes believed ready. One claim at a time; callers queue.
// I1: a claim takes only from lanes of the asked routes. I2: capped lanes count in the claiming transaction; uncapped lanes touch no counter.
// I3: nothing is returned before its lease is committed. I4: a lane found empty stays out until it is marked (commit here, NOTIFY from elsewhere,
// rescan at least once a second).

import type { Client } from 'pg';
import { crashPoint, formatId } from '../../contract/index.ts';
import type {
  ClaimedTask,
  ClaimRequest,
  LaneKey,
  RetryPreset,
  TaskKey,
} from '../../contract/index.ts';
import { systemUniform } from '../../kernel/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { Dictionaries, LaneEntry } from './dictionaries.ts';
import { transaction } from './link.ts';
import type { Link } from './link.ts';
import type { ReadyLanes } from './ready-lanes.ts';
import * as sql from './sql-claim.ts';
import { lockCaps, takeCaps } from './sql-settle.ts';

/** Between rescans; with jitter, so that hosts do not ask in step. */
const RESCAN_MS = 1_000;
/** Rounds of picking inside one claim: lanes found empty give way to others; more than this is left to the next claim. */
const MAX_ROUNDS = 64;

/** Claims of more tasks than this find their lanes in one round anyway. */
const MAX_SLOTS_WITH_RESERVE = 50;

interface Want {
  lane: LaneEntry;
  skip: number;
  take: number;
  group: number;
  caps: number[];
  /** Only asked for what the lanes before it cannot give. */
  isReserve?: true;
}

export interface ClaimerOptions {
  link: Link;
  dictionaries: Dictionaries;
  lanes: ReadyLanes;
  clock: Clock;
  /** Whether other hosts use this store now, as far as is known. */
  hasPeers: () => boolean;
}

export class Claimer {
  readonly #options: ClaimerOptions;
  #nextRescanMs = 0;

  constructor(options: ClaimerOptions) {
    this.#options = options;
  }

  /** The next claim looks at SQL for ready lanes first. */
  forgetRescan(): void {
    this.#nextRescanMs = 0;
  }

  claim(request: ClaimRequest): Promise<ClaimedTask[]> {
    return this.#options.link.run(async (client) => {
      if (this.#options.clock.mono() >= this.#nextRescanMs) await this.#rescan(client);
      return this.#claim(client, request);
    });
  }

  async #rescan(client: Client): Promise<void> {
    const { dictionaries, lanes, clock } = this.#options;
    const { rows } = await client.query<{ lane: number }>(sql.readyLanes);
    await Promise.all([
      dictionaries.refresh(),
      dictionaries.learnKeys(rows.map((row) => row.lane)),
    ]);
    for (const row of rows) {
      const lane = dictionaries.laneByKey(row.lane);
      if (lane !== undefined) lanes.mark(lane);
    }
    this.#nextRescanMs = clock.mono() + RESCAN_MS * (0.5 + systemUniform());
  }

  async #claim(client: Client, request: ClaimRequest): Promise<ClaimedTask[]> {
    const left = request.groups.map((group) => group.slots);
    const claimed: ClaimedTask[] = [];
    const full: LaneEntry[] = [];
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const wants = this.#pick(request, left);
        if (wants.length === 0) break;
        const rows = await this.#take(client, { request, wants });
        for (const task of rows.tasks) left[task.group] = (left[task.group] ?? 0) - 1;
        full.push(...rows.full);
        claimed.push(...rows.tasks);
      }
    } catch (error) {
      if (claimed.length === 0) throw error; // what earlier rounds took is ours: hand it out
    } finally {
      this.#options.lanes.claimed();
      for (const lane of full) this.#options.lanes.mark(lane); // held up by a cap, not empty
    }
    if (claimed.length > 0) crashPoint('C4');
    return claimed;
  }

  /** Lanes for every group that has slots left; a lane that two groups share is taken in turn. */
  #pick(request: ClaimRequest, left: readonly number[]): Want[] {
    const { lanes, dictionaries } = this.#options;
    const skip = new Map<LaneKey, number>();
    const wants: Want[] = [];
    for (const [group, { routes }] of request.groups.entries()) {
      const slots = left[group] ?? 0;
      if (slots <= 0) continue;
      for (const pick of lanes.pick(routes, slots)) {
        const lane = dictionaries.laneByKey(pick.lane);
        if (lane === undefined) continue;
        wants.push({
          lane,
          skip: skip.get(lane.key) ?? 0,
          take: pick.count,
          group,
          caps: dictionaries.capsOf(lane),
        });
        skip.set(lane.key, (skip.get(lane.key) ?? 0) + pick.count);
      }
    }
    return dictionaries.anyCaps || request.groups.length > 1
      ? wants
      : this.#withReserve(request, wants);
  }

  /**
   * Adds the lanes that would come next. A lane whose last task was taken is still believed ready, and tenants that send now and then leave such lanes
   * behind; without the reserve each of them would cost the claim a round trip.
   */
  #withReserve(request: ClaimRequest, wants: readonly Want[]): Want[] {
    const take = wants.reduce((sum, want) => sum + want.take, 0);
    const routes = request.groups[0]?.routes ?? [];
    if (take === 0 || take > MAX_SLOTS_WITH_RESERVE) return [...wants];
    const { lanes, dictionaries } = this.#options;
    const reserve = lanes.reserve(routes, new Set(wants.map((want) => want.lane.key)));
    return [
      ...wants,
      ...reserve.flatMap((key): Want[] => {
        const lane = dictionaries.laneByKey(key);
        return lane === undefined
          ? []
          : [{ lane, skip: 0, take, group: 0, caps: [], isReserve: true }];
      }),
    ];
  }

  async #take(
    client: Client,
    of: { request: ClaimRequest; wants: readonly Want[] },
  ): Promise<{ tasks: ClaimedTask[]; full: LaneEntry[] }> {
    const capped = of.wants.some((want) => want.caps.length > 0);
    return capped
      ? transaction(client, () => this.#takeCapped(client, of))
      : { tasks: await this.#takeRows(client, of), full: [] };
  }

  /** Locks the counters, lowers what each lane may give, takes, counts. */
  async #takeCapped(
    client: Client,
    of: { request: ClaimRequest; wants: readonly Want[] },
  ): Promise<{ tasks: ClaimedTask[]; full: LaneEntry[] }> {
    const keys = [...new Set(of.wants.flatMap((want) => want.caps))];
    const locked = await client.query<{ key: number; max_running: number; running: number }>({
      ...lockCaps,
      values: [keys],
    });
    const free = new Map(
      locked.rows.map((cap) => [cap.key, Math.max(0, cap.max_running - cap.running)]),
    );
    const full: LaneEntry[] = [];
    const allowed = of.wants.map((want) => {
      const take = want.caps.reduce(
        (least, key) => Math.min(least, free.get(key) ?? least),
        want.take,
      );
      for (const key of want.caps) free.set(key, (free.get(key) ?? 0) - take);
      if (take < want.take) full.push(want.lane);
      return { ...want, take };
    });
    const tasks = await this.#takeRows(client, { request: of.request, wants: allowed });
    const taken = new Map<number, number>();
    const capsOf = new Map(of.wants.map((want) => [want.lane.key, want.caps]));
    for (const task of tasks)
      for (const key of capsOf.get(task.lane) ?? []) taken.set(key, (taken.get(key) ?? 0) + 1);
    if (taken.size > 0)
      await client.query({ ...takeCaps, values: [[...taken.keys()], [...taken.values()]] });
    for (const lane of full) this.#options.lanes.empty(lane, 0); // not asked again in this claim
    return { tasks, full };
  }

  async #takeRows(
    client: Client,
    of: { request: ClaimRequest; wants: readonly Want[] },
  ): Promise<ClaimedTask[]> {
    const { request, wants } = of;
    const asked = wants.filter((want) => want.take > 0);
    const values = [
      asked.map((want) => want.lane.key),
      asked.map((want) => want.skip),
      asked.map((want) => want.take),
      asked.map((want) => want.group + 1),
      asked.map((want) => (want.caps.length > 0 ? 1 : 0)),
      request.host,
      request.untilMs,
      request.groups.map((group) => group.agent),
      request.groups.map((group) => group.assignment),
      asked.reduce((sum, want) => sum + (want.isReserve ? 0 : want.take), 0),
    ];
    // With counters locked it must not wait for a task either: flushes lock tasks first and counters last.
    const waits = !this.#options.hasPeers() && asked.every((want) => want.caps.length === 0);
    const statement = waits ? sql.claimAlone : sql.claim;
    const { rows } = await client.query<ClaimedCells>({ ...statement, values, rowMode: 'array' });
    const tasks = rows.map((row) => claimedTask(row, this.#options.dictionaries.laneByKey(row[9])));
    const found = new Map<LaneKey, number>();
    for (const task of tasks) found.set(task.lane, (found.get(task.lane) ?? 0) + 1);
    const wanted = new Map<LaneKey, { lane: LaneEntry; take: number }>();
    for (const { lane, take, isReserve } of asked)
      if (isReserve !== true)
        wanted.set(lane.key, { lane, take: take + (wanted.get(lane.key)?.take ?? 0) });
    for (const { lane, take } of wanted.values()) {
      const unused = take - (found.get(lane.key) ?? 0);
      if (unused > 0) this.#options.lanes.empty(lane, unused);
    }
    const isShort =
      tasks.length < asked.reduce((sum, want) => sum + (want.isReserve ? 0 : want.take), 0);
    for (const { lane, isReserve } of asked) {
      if (isReserve !== true) continue;
      this.#options.lanes.charge(lane, found.get(lane.key) ?? 0);
      if (isShort) this.#options.lanes.empty(lane, 0); // the search went through all of them
    }
    return tasks.sort((a, b) => b.priority - a.priority || a.key - b.key); // RETURNING promises no order
  }
}

/** The columns of sql-claim's CLAIMED and the group. */
export type ClaimedCells = [
  key: TaskKey,
  id: Uint8Array,
  run: number | null,
  runId: Uint8Array | null,
  node: string | null,
  item: number | null,
  name: string,
  type: string,
  priority: number,
  lane: LaneKey,
  input: string,
  fence: number,
  errors: number,
  crashes: number,
  suspect: number,
  journalSteps: number,
  timeoutMs: number,
  retry: RetryPreset,
  createdMs: number,
  group: number,
];

export function claimedTask(row: ClaimedCells, lane: LaneEntry | undefined): ClaimedTask {
  return {
    key: row[0],
    id: formatId('task', row[1]),
    tenant: lane?.tenant ?? 0,
    project: lane?.project ?? 0,
    runKey: row[2],
    runId: row[3] === null ? null : formatId('run', row[3]),
    node: row[4],
    item: row[5],
    name: row[6],
    type: row[7],
    priority: row[8],
    route: lane?.route ?? 0,
    lane: row[9],
    input: row[10],
    fence: row[11],
    attempt: row[12] + 1,
    crashes: row[13],
    suspect: row[14] > 0,
    journalSteps: row[15],
    timeoutMs: row[16],
    retry: row[17],
    createdMs: row[18],
    group: row[19] - 1,
  };
}
