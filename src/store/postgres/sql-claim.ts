// Claiming. The cost follows the number of lanes and rows asked for, not the number of tasks that exist: each lane is one descent of the
// partial index tasks_ready (lane, priority desc, key).

/** Columns of a claimed task, in the order that claim.ts reads them. */
const CLAIMED = `u.key, u.id, u.run, r.id as run_id, u.node, u.item, u.name, u.type, u.priority, u.lane, u.input, u.fence, u.errors, u.crashes,
  u.suspect, u.journal_steps, u.timeout_ms, u.retry, u.created_ms`;

/**
 * $1 lanes, $2 offset (tasks of the lane that an earlier group of this claim takes), $3 how many, $4 group (from 1), $5 capped (0 or 1),
 * $6 host, $7 lease until, $8 agents and $9 assignments by group, $10 how many in all (lanes are served in their order).
 */
// The update finds its rows by key: written as `t.state = 2` it would fit the index of ready tasks, and the planner would read all of that for each row.
const claimText = (lock: string, order: string): string => `with picked as (
      select p.key, w.grp, w.capped
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as w(lane, skip, take, grp, capped)
      cross join lateral (
        select t.key from tasks t where t.lane = w.lane and t.state = 2
        order by t.priority desc, t.key offset w.skip limit w.take ${lock}) as p
      limit $10::bigint),
    u as (
      update tasks t set state = 3, fence = t.fence + 1, host = $6::bigint, lease_until_ms = $7::bigint, agent = ($8::text[])[p.grp],
        assignment = ($9::text[])[p.grp], capped = p.capped
      from (select * from picked ${order}) p where t.key = p.key and t.state + 0 = 2
      returning t.key, t.id, t.run, t.node, t.item, t.name, t.type, t.priority, t.lane, t.input, t.fence, t.errors, t.crashes,
        t.suspect, t.journal_steps, t.timeout_ms, t.retry, t.created_ms, p.grp)
    select ${CLAIMED}, u.grp from u left join runs r on r.key = u.run`;

/** With other hosts: rows that one of them is taking are passed over instead of waited for. */
export const claim = { name: 'claim', text: claimText('for update of t skip locked', '') };

/**
 * The only host: rows need no lock of their own before they are changed, which saves a tenth of the server's work. Still exact when another host
 * starts at this moment: the update looks again at the state of a row that somebody else changed meanwhile. It waits for such a row, so it takes them
 * by key, as everybody does.
 */
export const claimAlone = { name: 'claim_alone', text: claimText('', 'order by key') };

/** Loose index scan: one descent per lane that has ready tasks, whatever the number of tasks. */
export const readyLanes = {
  name: 'ready_lanes',
  text: `with recursive found (lane) as (
      (select lane from tasks where state = 2 order by lane limit 1)
      union all
      select (select t.lane from tasks t where t.state = 2 and t.lane > found.lane order by t.lane limit 1) from found where found.lane is not null)
    select lane from found where lane is not null`,
};

const LOST_ROWS = 5_000; // leases freed per call: bounds the transaction; the caller repeats

/**
 * Leases that expired, or whose host holds no advisory lock any more. $1 own host, $2 now, $3 lock namespace.
 * Rows that another host is reaping are skipped, so no loss is counted twice.
 */
export const lostLeases = {
  name: 'lost_leases',
  text: `with alive as (
      select objid::bigint as host from pg_locks
      where locktype = 'advisory' and classid = $3::oid and objsubid = 2 and granted
        and database = (select oid from pg_database where datname = current_database()))
    select u.key, u.id, u.run, null::bytea as run_id, u.node, u.item, u.name, u.type, u.priority, u.lane, u.input, u.fence, u.errors, u.crashes,
      u.suspect, u.journal_steps, u.timeout_ms, u.retry, u.created_ms, 0 as grp, u.tenant, u.host, u.agent, u.started_ms, u.capped, u.hold,
      not exists (select from alive where alive.host = u.host) and u.host <> $1::bigint as host_dead
    from tasks u
    where u.state = 3 and (u.lease_until_ms < $2::bigint or (u.host <> $1::bigint and u.host not in (select host from alive)))
    order by u.key limit ${LOST_ROWS} for update of u skip locked`,
};

export const deadHosts = {
  name: 'dead_hosts',
  text: `update hosts h set ended_ms = $2::bigint where h.ended_ms is null and h.key <> $1::bigint and not exists (
      select from pg_locks l where l.locktype = 'advisory' and l.classid = $3::oid and l.objsubid = 2 and l.granted and l.objid::bigint = h.key
        and l.database = (select oid from pg_database where datname = current_database()))
    returning h.key`,
};

/** $1 keys, $2 crashes to add. A held task is paused with its run (S11). */
export const release = {
  name: 'release',
  text: `update tasks t set state = case t.hold when 1 then 4 else 2 end, reason = case t.hold when 1 then 'run' else 'none' end, hold = 0,
      lease_until_ms = null, suspect = 1, crashes = t.crashes + i.crash, capped = 0
    from unnest($1::bigint[], $2::bigint[]) as i(key, crash) where t.key = i.key`,
};

export const hold = {
  name: 'hold',
  text: `update tasks t set fence = t.fence + 1, host = $2::bigint, lease_until_ms = $3::bigint where t.key = any($1::bigint[])
    returning t.key, t.fence`,
};

export const insertAttempts = {
  name: 'insert_attempts',
  text: `insert into attempts (tenant, task, attempt, fence, agent, host, outcome, started_ms, ended_ms)
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[])
    on conflict do nothing`,
};

export const runIds = {
  name: 'run_ids',
  text: 'select key, id from runs where key = any($1::bigint[])',
};

/** $1 now, $2 at most. */
export const promote = {
  name: 'promote',
  text: `with due as (
      select key from tasks where state = 1 and due_ms is not null and due_ms <= $1::bigint order by due_ms limit $2::bigint for update skip locked),
    promoted as (
      update tasks t set state = 2, reason = 'none', due_ms = null from due where t.key = due.key returning t.lane)
    select lane, count(*) as tasks from promoted group by lane`,
};

export const nextDue = {
  name: 'next_due',
  text: 'select due_ms from tasks where state = 1 and due_ms is not null order by due_ms limit 1',
};

/** $1 keys, $2 fences, $3 started (null: unchanged), $4 until. Answers the keys that are still owned. By key, not by the index of leased tasks (see sql-settle). */
export const renew = {
  name: 'renew',
  text: `update tasks t set lease_until_ms = $4::bigint, started_ms = coalesce(i.started_ms, t.started_ms)
    from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as i(key, fence, started_ms)
    where t.key = i.key and t.fence = i.fence and t.state + 0 = 3 returning t.key`,
};

/** Suspects that are marked started count their next loss as a crash (suspect 2). */
export const start = {
  name: 'start',
  text: `update tasks t set started_ms = i.started_ms, suspect = case t.suspect when 1 then 2 else t.suspect end
    from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as i(key, fence, started_ms)
    where t.key = i.key and t.fence = i.fence and t.state + 0 = 3 returning t.key`,
};
