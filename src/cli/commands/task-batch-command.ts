/** `hive task batch <file>`: many tasks with one call, and one summary of them. */
import { hiveError, isHiveError, operationLimits } from '../../contract/index.ts';
import type { OperationRequest, RunView } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { shortDuration } from '../output/durations.ts';
import type { Session } from '../session.ts';
import { followRun } from './follow-run.ts';
import { readTextFile } from './read-text-file.ts';

export interface TaskBatchOptions {
  file: string;
  concurrency?: number;
  title?: string;
  idempotencyKey?: string;
  waitMs?: number;
  detach: boolean;
}

type BatchTask = OperationRequest<'task.batch'>['tasks'][number];

export async function taskBatchCommand(
  session: Session,
  { file, waitMs, detach, ...request }: TaskBatchOptions,
): Promise<ExitCode> {
  const { tasks, lines } = parseLines(file, await readTextFile(file));
  const purpose = detach ? 'look' : 'follow';
  return withHive(session, { purpose }, async (hive) => {
    const answer = await hive.client
      .call('task.batch', { tasks, ...request })
      .catch((error: unknown) => {
        throw atItsLine(error, { file, tasks, lines });
      });
    return followRun(session, hive, {
      runId: answer.runId,
      answer: { runId: answer.runId, duplicate: answer.duplicate, tasks: answer.tasks },
      detach,
      ...(waitMs === undefined ? {} : { waitMs }),
      outcome: summary,
    });
  });
}

/** A batch in which a task failed is completed, but not well. */
function summary(run: RunView) {
  const { succeeded, failed, cancelled, skipped, total } = run.counts;
  const durationMs = (run.endedMs ?? run.createdMs) - run.createdMs;
  return {
    document: {
      runId: run.id,
      state: run.state,
      total,
      succeeded,
      failed,
      cancelled,
      skipped,
      durationMs,
    },
    lines: [
      `${total} tasks in ${shortDuration(durationMs)}: ${succeeded} succeeded, ${failed} failed${cancelled === 0 ? '' : `, ${cancelled} cancelled`}`,
      ...(failed === 0 ? [] : [`see them with: hive task list --run ${run.id} --state failed`]),
    ],
    exitCode: failed === 0 ? exitCodes.ok : exitCodes.unsuccessful,
  };
}

/** The tasks, and the line of each. Throws INPUT_INVALID that names the line. `needs` is the word of the command line for capabilities. */
export function parseLines(file: string, text: string): { tasks: BatchTask[]; lines: number[] } {
  const tasks: BatchTask[] = [];
  const lines: number[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    tasks.push(parseLine(`${file}:${at + 1}`, line));
    lines.push(at + 1);
  }
  if (tasks.length === 0) {
    throw hiveError('INPUT_INVALID', {
      message: `${file} has no task`,
      details: { fix: [EXAMPLE] },
    });
  }
  if (tasks.length > operationLimits.batchTasks) {
    throw hiveError('INPUT_TOO_LARGE', {
      message: `${file} has ${tasks.length} tasks; one batch takes ${operationLimits.batchTasks}`,
      details: { fix: ['split the file'] },
    });
  }
  return { tasks, lines };
}

/** What the hive says of task 7 is told of the line that it stands on. */
function atItsLine(
  error: unknown,
  { file, tasks, lines }: { file: string; tasks: readonly BatchTask[]; lines: readonly number[] },
): unknown {
  if (!isHiveError(error)) return error;
  const { code, message, details = {} } = error;
  if (code !== 'INPUT_INVALID' && code !== 'CAPABILITY_UNKNOWN') return error;
  const placeOf = (task: number): string => `${file}:${lines[task] ?? '?'}`;
  const { missing } = details;
  const [name] = Array.isArray(missing) ? (missing as unknown[]) : [];
  const asking = tasks.findIndex(({ capabilities }) => capabilities.some((each) => each === name));
  const told =
    asking < 0
      ? message.replaceAll(/\btasks\.(\d+)(\.|:)/g, (_, at: string, after: string) =>
          after === ':' ? `${placeOf(Number(at))}:` : `${placeOf(Number(at))}: `,
        )
      : message.replace(/^(node "[^"]*": )?/, `${placeOf(asking)}: `); // the node was made of the batch
  return hiveError(code, { message: told, cause: error, details });
}

const EXAMPLE = 'one object per line: {"needs": ["echo"], "input": {"text": "hello"}}';

function parseLine(place: string, line: string): BatchTask {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw hiveError('INPUT_INVALID', {
      message: `${place} is not JSON: ${(error as Error).message}`,
      cause: error,
      details: { fix: [EXAMPLE] },
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw hiveError('INPUT_INVALID', {
      message: `${place} is no object`,
      details: { fix: [EXAMPLE] },
    });
  }
  const { needs, capabilities = needs, ...rest } = value as Record<string, unknown>;
  if (!Array.isArray(capabilities) || capabilities.length === 0) {
    throw hiveError('INPUT_INVALID', {
      message: `${place} does not say which capabilities its agent needs`,
      details: { fix: [EXAMPLE] },
    });
  }
  // The hive checks the fields; a wrong one is told by its index.
  return { capabilities, ...rest };
}
