/** Lists durable events after a cursor, oldest first. */
import { parseId } from '../contract/index.ts';
import { toEventView } from './event-view.ts';
import { defineOperation } from './operation.ts';

export const eventList = defineOperation('event.list', {
  summary: 'List durable events after a cursor, oldest first',
  permission: 'run:read',
  handler: async ({ hive, principal }, { limit, cursor, runId }) => {
    const events = await hive.store.events.after({
      cursor: cursor ?? null,
      tenant: principal.tenant,
      ...(runId === undefined ? {} : { run: parseId('run', runId) }),
      limit,
    });
    return { events: events.map(toEventView), cursor: events.at(-1)?.cursor ?? cursor ?? null };
  },
});
