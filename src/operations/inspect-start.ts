/**
 * Starts the inspection of a directory, or takes up the unfinished one of the same directory.
 * Two requests for one path at once must not start two runs: they pass one after the other.
 * That holds in one process; hosts that share a PostgreSQL may each start one.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { sql } from 'kysely';
import { canonicalDirectory } from '../agents/index.ts';
import { encodeJson, formatId, runStates } from '../contract/index.ts';
import type { OperationInput, OperationOutput } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import type { OperationContext } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { storedJson } from './stored-json.ts';

const WORKFLOW = 'inspect';
/** Unfinished inspections looked through: far more than one hive works on at once. */
const MAX_UNFINISHED = 500;

/** Turn-taking per path; an entry lives as long as requests for it are under way. */
const turns = new Map<string, Promise<unknown>>();

export const inspectStart = defineOperation('inspect.start', {
  summary: 'Inspect a directory: start, or resume the unfinished inspection of it',
  permission: 'run:write',
  startsWork: true,
  handler: async (context, input) => {
    const canonical = await canonicalDirectory(input.path);
    const before = turns.get(canonical) ?? Promise.resolve();
    const mine = before.then(() => resumeOrStart(context, canonical, input));
    const settled = mine.then(
      () => undefined,
      () => undefined,
    );
    turns.set(canonical, settled);
    try {
      return await mine;
    } finally {
      if (turns.get(canonical) === settled) turns.delete(canonical);
    }
  },
});

async function resumeOrStart(
  context: OperationContext,
  canonical: string,
  input: OperationInput<'inspect.start'>,
): Promise<OperationOutput<'inspect.start'>> {
  const unfinished = await findUnfinished(context, canonical);
  if (unfinished !== undefined) return { runId: unfinished, resumed: true };
  const { hive, principal } = context;
  const id = context.ids.make('run');
  const reportDirectory = path.resolve(hive.reportsDirectory, input.reportDirectory ?? id);
  const workDirectory = path.join(hive.workDirectory, id);
  const started = await hive.startRun({
    id,
    tenant: principal.tenant,
    project: principal.project,
    graph: hive.inspectGraph({ root: canonical, reportDirectory, workDirectory }),
    title: `Inspect ${canonical}`,
    inputJson: encodeJson({ path: canonical, reportDirectory }, 'the input of the run'),
    audit: { actor: principal.name, action: 'inspect.start', data: { path: canonical } },
    ...(input.idempotencyKey === undefined
      ? {}
      : {
          idempotencyKey: input.idempotencyKey,
          bodyHash: createHash('sha256')
            .update(JSON.stringify([WORKFLOW, canonical, input.reportDirectory ?? null]))
            .digest('hex'),
        }),
  });
  return { runId: started.runId, resumed: started.isDuplicate };
}

async function findUnfinished(
  context: OperationContext,
  canonical: string,
): Promise<string | undefined> {
  const query = context.hive.sql
    .selectFrom('runs')
    .innerJoin('run_pins', 'run_pins.run', 'runs.key')
    .where('runs.tenant', '=', context.principal.tenant)
    .where('runs.workflow', '=', WORKFLOW)
    .where('runs.state', '<', sql.lit(runStates.completed)) // a literal, for the partial index
    .where('runs.state', '!=', runStates.paused)
    .orderBy('runs.key', 'desc')
    .limit(MAX_UNFINISHED)
    .select(['runs.id as id', 'run_pins.input as input']);
  for (const { id, input } of await selectRows(context, query)) {
    const stored = storedJson(input);
    const isSame =
      typeof stored === 'object' &&
      stored !== null &&
      'path' in stored &&
      stored.path === canonical;
    if (isSame) return formatId('run', id);
  }
  return undefined;
}
