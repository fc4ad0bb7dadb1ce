/** An id that leads nowhere was most likely cut or is of another hive: show what there is. */
import type { HiveClient } from '../client/index.ts';
import { hiveError, isHiveError } from '../contract/index.ts';

const SUGGESTED = 3;

/** Runs `work`; when it finds nothing, the error names the newest ids. */
export async function suggestingRecent<Result>(
  client: HiveClient,
  kind: 'run' | 'task' | 'approval',
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const isUnknown =
      isHiveError(error) && (error.code === 'NOT_FOUND' || error.code === 'ID_INVALID');
    if (!isUnknown) throw error;
    const recent = await newestIds(client, kind).catch(() => []);
    const fix = recent.length === 0 ? undefined : [`recent: ${recent.join(', ')}`, error.advice];
    throw hiveError(error.code, {
      message: error.message,
      cause: error,
      details: { ...error.details, ...(fix === undefined ? {} : { fix }) },
    });
  }
}

async function newestIds(client: HiveClient, kind: 'run' | 'task' | 'approval'): Promise<string[]> {
  if (kind === 'run') {
    const { runs } = await client.call('run.list', { limit: SUGGESTED });
    return runs.map(({ id }) => id);
  }
  if (kind === 'approval') {
    const { approvals } = await client.call('approval.list', { limit: SUGGESTED });
    return approvals.map(({ id }) => id);
  }
  const { tasks } = await client.call('task.list', { limit: SUGGESTED });
  return tasks.map(({ id }) => id);
}
