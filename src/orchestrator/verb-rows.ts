// What the verbs read of runs and tasks before they change them. Every read is inside one tenant: what belongs to another does not exist here.

import {
  formatId,
  hiveError,
  idBytes,
  parseId,
  runStates,
  taskStateName,
} from '../contract/index.ts';
import type {
  RunId,
  RunRow,
  RunState,
  Store,
  TaskId,
  TaskKey,
  TaskReason,
  TaskState,
} from '../contract/index.ts';

export interface TaskFacts {
  key: TaskKey;
  id: TaskId;
  run: number | null;
  node: string | null;
  item: number | null;
  state: TaskState;
  reason: TaskReason;
  agent: string | null;
  project: number;
  attempt: number;
  createdMs: number;
  startedMs: number | null;
  error: string | null;
}

interface TaskRow {
  key: number;
  id: Uint8Array;
  run: number | null;
  node: string | null;
  item: number | null;
  state: number;
  reason: string;
  agent: string | null;
  project: number;
  errors: number;
  created_ms: number;
  started_ms: number | null;
  error: string | null;
}

const COLUMNS =
  'key, id, run, node, item, state, reason, agent, project, errors, created_ms, started_ms, error';

export class VerbRows {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Throws NOT_FOUND, also for another tenant's run, and for a single task, which has no run row. */
  async run(id: RunId, tenant: number): Promise<RunRow> {
    const [row] = await this.#store.loadRuns([parseId('run', id)]);
    if (row === undefined || row.tenant !== tenant)
      throw hiveError('NOT_FOUND', { message: `there is no run ${id} of more than one task` });
    return row;
  }

  /** Keys of the runs in this state at any depth below a run. */
  async runsBelow(run: number, state: RunState): Promise<number[]> {
    const rows = await this.query<{ key: number }>(
      `with recursive below(key) as (
          select r.key from tasks t join runs r on r.parent_task = t.key where t.run = $1
          union select r.key from below b join tasks t on t.run = b.key join runs r on r.parent_task = t.key)
        select r.key from below b join runs r on r.key = b.key where r.state = $2`,
      [run, runStates[state]],
    );
    return rows.map(({ key }) => Number(key));
  }

  /** Throws NOT_FOUND. */
  async task(id: TaskId, tenant: number): Promise<TaskFacts> {
    const [row] = await this.#tasks('tenant = $1 and id = $2', [tenant, idBytes('task', id)]);
    if (row === undefined) throw hiveError('NOT_FOUND', { message: `there is no task ${id}` });
    return row;
  }

  tasksOfRun(run: RunRow): Promise<TaskFacts[]> {
    return this.#tasks('run = $1', [run.key]);
  }

  /** The single task whose run id this is; undefined when there is none. */
  async singleTask(run: RunId, tenant: number): Promise<TaskFacts | undefined> {
    const [row] = await this.#tasks('tenant = $1 and id = $2 and run is null', [
      tenant,
      idBytes('run', run),
    ]);
    return row;
  }

  async #tasks(where: string, parameters: readonly unknown[]): Promise<TaskFacts[]> {
    const rows = await this.query<TaskRow>(
      `select ${COLUMNS} from tasks where ${where} order by key`,
      parameters,
    );
    return rows.map((row) => ({
      key: Number(row.key),
      id: formatId('task', row.id),
      run: row.run === null ? null : Number(row.run),
      node: row.node,
      item: row.item === null ? null : Number(row.item),
      state: taskStateName(Number(row.state)),
      reason: row.reason as TaskReason,
      agent: row.agent,
      project: Number(row.project),
      attempt: Number(row.errors) + 1,
      createdMs: Number(row.created_ms),
      startedMs: row.started_ms === null ? null : Number(row.started_ms),
      error: row.error,
    }));
  }

  /** A query with `$1` placeholders on either store. */
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    const text = this.#store.dialect === 'sqlite' ? sql.replaceAll(/\$\d+/g, '?') : sql;
    return this.#store.read<Row>('system', { sql: text, parameters });
  }
}

/** Throws ILLEGAL_TRANSITION when the run is in none of these states. */
export function requireState(
  row: { id: string; state: RunState },
  states: readonly RunState[],
  verb: string,
): void {
  if (states.includes(row.state)) return;
  throw hiveError('ILLEGAL_TRANSITION', {
    message: `${row.id} is ${row.state}; ${verb} needs a run that is ${states.join(' or ')}`,
  });
}
