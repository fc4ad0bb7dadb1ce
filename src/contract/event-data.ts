// The data of each event type, as schemas; apart from the names so that threads which only write events need no schema library.

import { z } from 'zod';
import type { EventType } from './events.ts';

const errorRecord = z.object({ code: z.string(), message: z.string() }).loose();
const taskEnd = z.object({
  createdMs: z.number().int(),
  startedMs: z.number().int().nullable(),
  endedMs: z.number().int(),
  agent: z.string().nullable(),
  instance: z.string().nullable(),
  attempt: z.number().int(),
  node: z.string().nullable().optional(),
  reason: z.string().optional(),
  error: errorRecord.optional(),
});
const signalOfTask = z
  .object({
    name: z.string(),
    node: z.string().nullable().optional(),
    agent: z.string().nullable().optional(),
    attempt: z.number().int().optional(),
  })
  .loose();
const runEnd = z.object({ durationMs: z.number(), error: errorRecord.optional() }).loose();

/** The data of each event type; the key set equals eventTypes (tested). */
export const eventData = {
  'agent.registered': z.object({
    agent: z.string(),
    agentType: z.string(),
    capabilities: z.array(z.string()),
    instance: z.string(),
  }),
  'agent.status_changed': z.object({
    agent: z.string(),
    instance: z.string(),
    from: z.string(),
    to: z.string(),
  }),
  'agent.task_assigned': signalOfTask,
  'task.created': signalOfTask,
  'task.started': signalOfTask,
  'task.completed': taskEnd,
  'task.failed': taskEnd,
  'metrics.update': z.object({}).loose(),
  'system.alert': z
    .object({ severity: z.enum(['info', 'warning', 'critical']), message: z.string() })
    .loose(),
  'config.changed': z.object({ keys: z.array(z.string()) }),
  'run.started': z.object({ workflow: z.string(), title: z.string() }).loose(),
  'run.completed': runEnd,
  'run.failed': runEnd,
  'run.cancelled': runEnd,
  'task.cancelled': taskEnd,
  'task.skipped': taskEnd,
  'task.retrying': signalOfTask,
  'task.waiting': signalOfTask,
  'task.progress': signalOfTask,
  'host.started': z.object({ host: z.string(), boot: z.string() }).loose(),
  'run.paused': z.object({ by: z.string() }).loose(),
  'run.resumed': z.object({ by: z.string() }).loose(),
  'run.signalled': z.object({ name: z.string(), by: z.string() }).loose(),
  'approval.requested': signalOfTask,
  'approval.decided': z
    .object({ approval: z.string(), decision: z.string(), by: z.string() })
    .loose(),
  'task.uncertain': signalOfTask,
  'task.resolved': z.object({ resolution: z.string(), by: z.string() }).loose(),
  'run.compensating': z
    .object({ end: z.enum(['failed', 'cancelled']), message: z.string() })
    .loose(),
  'host.lost': z.object({ host: z.string(), tasks: z.number().int() }).loose(),
} as const satisfies Record<EventType, z.ZodType>;
