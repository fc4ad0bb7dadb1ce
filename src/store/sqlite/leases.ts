// Claiming, renewing, freeing leases, and promoting timers. Runs in the writer thread inside the flush's transaction.
// suspect: 0 = never lost an owner; 1 = lost one, not marked started since; 2 = lost one and marked started since (the next loss is a crash).
// Freed leases of held tasks become paused (S11); timers of paused tasks are not promoted, because only waiting tasks are.
// I1: a claim takes only from lanes of the asked routes. I2: capped lanes count in the same transaction. I3: the fence rises with each claim.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { formatId, MAX_CRASHES } from '../../contract/plain.ts';
import type {
  ClaimedTask,
  ClaimRequest,
  HostKey,
  LostTask,
  ReapResult,
  RetryPreset,
  TaskKey,
} from '../../contract/index.ts';
import type { LaneScheduler } from '../lanes.ts';
import type { Changer } from './changes.ts';
import type { Dictionaries, LaneEntry } from './dictionaries.ts';

/** Lease given to the reaper of a task that is about to be declared dead. */
const LAST_LEASE_MS = 15_000;
/** Leases freed per call: bounds the transaction; the caller repeats. */
const MAX_REAP = 5_000;

const columnNames = [
  'key',
  'id',
  'tenant',
  'project',
  'run',
  'node',
  'item',
  'name',
  'type',
  'priority',
  'route',
  'lane',
  'input',
  'fence',
  'errors',
  'crashes',
  'suspect',
  'journal_steps',
  'timeout_ms',
  'retry',
  'created_ms',
] as const;
const COLUMNS = columnNames.join(', ');

/** A row as an array in the order of columnNames: half the cost of an object, on the hottest path there is. */
type Cells = [
  key: number,
  id: Uint8Array,
  tenant: number,
  project: number,
  run: number | null,
  node: string | null,
  item: number | null,
  name: string,
  type: string,
  priority: number,
  route: number,
  lane: number,
  input: string,
  fence: number,
  errors: number,
  crashes: number,
  suspect: number,
  journalSteps: number,
  timeoutMs: number,
  retry: RetryPreset,
  createdMs: number,
];
const KEY = 0;
const PRIORITY = 9;
const FENCE = 13;

export class Leases {
  readonly #dictionaries: Dictionaries;
  readonly #scheduler: LaneScheduler;
  readonly #changer: Changer;
  readonly #take: StatementSync;
  readonly #capRow: StatementSync;
  readonly #cap: StatementSync;
  readonly #renew: StatementSync;
  readonly #start: StatementSync;
  readonly #lost: StatementSync;
  readonly #release: StatementSync;
  readonly #hold: StatementSync;
  readonly #due: StatementSync;
  readonly #nextDue: StatementSync;
  readonly #readyLanes: StatementSync;

  constructor(
    db: DatabaseSync,
    parts: { dictionaries: Dictionaries; scheduler: LaneScheduler; changer: Changer },
  ) {
    this.#dictionaries = parts.dictionaries;
    this.#scheduler = parts.scheduler;
    this.#changer = parts.changer;
    this.#take =
      db.prepare(`update tasks set state = 3, fence = fence + 1, lease_until_ms = ?, host = ?, agent = ?, assignment = ?, capped = ?
      where key in (select key from tasks where lane = ? and state = 2 order by priority desc, key limit ?) returning ${COLUMNS}`);
    this.#take.setReturnArrays(true);
    this.#capRow = db.prepare(
      'select max_running - running as free from caps where tenant = ? and subject = ?',
    );
    this.#cap = db.prepare(
      'update caps set running = running + ? where tenant = ? and subject = ?',
    );
    this.#renew = db.prepare(
      'update tasks set lease_until_ms = ?, started_ms = coalesce(?, started_ms) where key = ? and fence = ? and state = 3',
    );
    this.#start =
      db.prepare(`update tasks set started_ms = ?, suspect = case suspect when 1 then 2 else suspect end
      where key = ? and fence = ? and state = 3`);
    this.#lost = db.prepare(`select ${COLUMNS}, host, agent, started_ms, capped, hold from tasks
      where state = 3 and (host <> ? or lease_until_ms < ?) limit ${MAX_REAP}`);
    this.#release = db.prepare(
      `update tasks set state = case hold when 1 then 4 else 2 end, reason = case hold when 1 then 'run' else 'none' end, hold = 0,
        lease_until_ms = null, suspect = 1, crashes = crashes + ?, capped = 0 where key = ?`,
    );
    this.#hold = db.prepare(
      'update tasks set fence = fence + 1, host = ?, lease_until_ms = ? where key = ? returning fence',
    );
    this.#due = db.prepare(`update tasks set state = 2, reason = 'none', due_ms = null
      where key in (select key from tasks where state = 1 and due_ms is not null and due_ms <= ? order by due_ms limit ?) returning lane`);
    this.#nextDue = db.prepare(
      'select due_ms from tasks where state = 1 and due_ms is not null order by due_ms limit 1',
    );
    // Loose index scan: one seek per lane that has ready tasks, whatever the number of tasks.
    this.#readyLanes = db.prepare(`with recursive found (lane) as (
        select (select lane from tasks where state = 2 order by lane limit 1)
        union all
        select (select lane from tasks where state = 2 and lane > found.lane order by lane limit 1) from found where found.lane is not null)
      select lane from found where lane is not null`);
  }

  /** Marks every lane that has ready tasks: at start and after a flush that was rolled back. */
  rescan(): void {
    for (const row of this.#readyLanes.all())
      this.#scheduler.mark(this.#dictionaries.lane(Number(row['lane'])));
  }

  claim(request: ClaimRequest): ClaimedTask[] {
    const claimed: ClaimedTask[] = [];
    for (const [group, wanted] of request.groups.entries()) {
      let left = wanted.slots;
      // A pick may meet lanes that are empty; ask again for what is left until no lane is believed ready.
      while (left > 0) {
        const picks = this.#scheduler.pick(wanted.routes, left);
        if (picks.length === 0) break;
        for (const pick of picks) {
          const lane = this.#dictionaries.lane(pick.lane);
          const { rows, blocked } = this.#takeFrom(lane, Math.min(pick.count, left), {
            request,
            wanted,
          });
          if (rows.length < pick.count) this.#scheduler.empty(lane, pick.count - rows.length);
          if (blocked) this.#blockedLanes.add(lane);
          left -= rows.length;
          for (const row of rows) claimed.push(this.#claimedTask(row, group));
        }
      }
    }
    for (const lane of this.#blockedLanes) this.#scheduler.mark(lane); // capped, not empty: ask again next time
    this.#blockedLanes.clear();
    return claimed;
  }

  readonly #blockedLanes = new Set<LaneEntry>();

  #takeFrom(
    lane: LaneEntry,
    count: number,
    by: { request: ClaimRequest; wanted: ClaimRequest['groups'][number] },
  ): { rows: Cells[]; blocked: boolean } {
    const caps = this.#dictionaries.capsOf(lane);
    let allowed = count;
    for (const subject of caps)
      allowed = Math.min(allowed, Number(this.#capRow.get(lane.tenant, subject)?.['free'] ?? 0));
    if (allowed <= 0) return { rows: [], blocked: true };
    // The statement returns arrays (setReturnArrays) of exactly these columns.
    const rows = this.#take.all(
      by.request.untilMs,
      by.request.host,
      by.wanted.agent,
      by.wanted.assignment,
      caps.length > 0 ? 1 : 0,
      lane.key,
      allowed,
    ) as unknown as Cells[];
    for (const subject of caps) this.#cap.run(rows.length, lane.tenant, subject);
    // RETURNING promises no order (https://sqlite.org/lang_returning.html)
    rows.sort((a, b) => b[PRIORITY] - a[PRIORITY] || a[KEY] - b[KEY]);
    return { rows, blocked: allowed < count && rows.length === allowed };
  }

  #claimedTask(cells: Cells, group: number): ClaimedTask {
    const [
      key,
      id,
      tenant,
      project,
      runKey,
      node,
      item,
      name,
      type,
      priority,
      route,
      lane,
      input,
      fence,
      errors,
      crashes,
      suspect,
    ] = cells;
    const [journalSteps, timeoutMs, retry, createdMs] = [
      cells[17],
      cells[18],
      cells[19],
      cells[20],
    ];
    return {
      key,
      id: formatId('task', id),
      tenant,
      project,
      runKey,
      runId: runKey === null ? null : this.#dictionaries.runId(runKey),
      node,
      item,
      name,
      type,
      priority,
      route,
      lane,
      input,
      fence,
      attempt: errors + 1,
      crashes,
      suspect: suspect > 0,
      journalSteps,
      timeoutMs,
      retry,
      createdMs,
      group,
    };
  }

  start(marks: readonly { key: TaskKey; fence: number; startedMs: number }[]): TaskKey[] {
    return marks
      .filter((mark) => this.#start.run(mark.startedMs, mark.key, mark.fence).changes === 0)
      .map((mark) => mark.key);
  }

  renew(request: {
    leases: readonly { key: TaskKey; fence: number; startedMs: number | null }[];
    untilMs: number;
  }): TaskKey[] {
    return request.leases
      .filter(
        (lease) =>
          this.#renew.run(request.untilMs, lease.startedMs, lease.key, lease.fence).changes === 0,
      )
      .map((lease) => lease.key);
  }

  reap(request: { host: HostKey; nowMs: number }): ReapResult & { lanes: LaneEntry[] } {
    const lanes = new Set<LaneEntry>();
    const hosts = new Set<HostKey>();
    const exhausted: LostTask[] = [];
    let released = 0;
    for (const row of this.#lost.all(request.host, request.nowMs)) {
      const host = Number(row['host']);
      if (host !== request.host) hosts.add(host);
      const crash = Number(row['suspect']) === 2;
      const key = Number(row['key']);
      if (crash && Number(row['crashes']) + 1 >= MAX_CRASHES) {
        const held = this.#hold.get(request.host, request.nowMs + LAST_LEASE_MS, key);
        const cells = columnNames.map((name) => row[name]) as unknown as Cells;
        cells[FENCE] = Number(held?.['fence'] ?? row['fence']);
        const task = this.#claimedTask(cells, -1);
        exhausted.push({
          task,
          host,
          startedMs: row['started_ms'] === null ? null : Number(row['started_ms']),
        });
        continue;
      }
      if (Number(row['capped']) === 1)
        this.#changer.uncap(Number(row['tenant']), Number(row['lane']));
      this.#release.run(crash ? 1 : 0, key);
      this.#changer.attempt(Number(row['tenant']), key, {
        attempt: Number(row['errors']) + 1,
        fence: Number(row['fence']),
        agent: (row['agent'] ?? '') as string,
        host,
        startedMs: row['started_ms'] === null ? null : Number(row['started_ms']),
        endedMs: request.nowMs,
        outcome: crash ? 'crash' : 'lost',
      });
      released++;
      if (Number(row['hold']) === 1) continue; // paused with its run (S11)
      const lane = this.#dictionaries.lane(Number(row['lane']));
      this.#scheduler.mark(lane);
      lanes.add(lane);
    }
    return { released, exhausted, hosts: [...hosts], lanes: [...lanes] };
  }

  promote(request: { nowMs: number; limit: number }): {
    promoted: number;
    nextDueMs: number | null;
    lanes: LaneEntry[];
  } {
    const rows = this.#due.all(request.nowMs, request.limit);
    const lanes = [...new Set(rows.map((row) => Number(row['lane'])))].map((key) =>
      this.#dictionaries.lane(key),
    );
    for (const lane of lanes) this.#scheduler.mark(lane);
    const next = this.#nextDue.get();
    return {
      promoted: rows.length,
      nextDueMs: next === undefined ? null : Number(next['due_ms']),
      lanes,
    };
  }
}
