/** Sends an event to a run: to what waits for it, else into the run's inbox, where the next wait for it finds it. */
import { encodeJson, parseId } from '../contract/index.ts';
import { defineOperation } from './operation.ts';
import { locateRun } from './run-reads.ts';

export const runSignal = defineOperation('run.signal', {
  summary: 'Send an event to a run',
  permission: 'run:write',
  handler: async (context, { id, name, data, idempotencyKey }) => {
    await locateRun(context, id);
    const { hive, principal } = context;
    const { delivered } = await hive.signalRun(
      {
        run: parseId('run', id),
        name,
        dataJson: encodeJson(data, 'the data of the event', hive.maxPayloadBytes),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      },
      { actor: principal.name, tenant: principal.tenant },
    );
    return { id, name, delivered };
  },
});
