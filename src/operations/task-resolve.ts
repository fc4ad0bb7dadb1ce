/** Says what became of an effect whose outcome is unknown: it happened, it did not, or the task is given up. */
import { encodeJson, hiveError, parseId } from '../contract/index.ts';
import { defineOperation } from './operation.ts';

export const taskResolve = defineOperation('task.resolve', {
  summary: 'Decide on a task whose effect may or may not have happened',
  permission: 'task:write',
  handler: async ({ hive, principal }, { id, resolution, result }) => {
    if (result !== undefined && resolution !== 'done') {
      throw hiveError('INPUT_INVALID', {
        message: `result belongs to the resolution done, not to ${resolution}`,
      });
    }
    await hive.resolveTask(
      {
        task: parseId('task', id),
        resolution,
        ...(result === undefined
          ? {}
          : { resultJson: encodeJson(result, 'the result of the effect', hive.maxPayloadBytes) }),
      },
      { actor: principal.name, tenant: principal.tenant },
    );
    return { id, resolution };
  },
});
