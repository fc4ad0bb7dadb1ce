// What rooms below telemetry's door need to know of it: the shape of a log line and the names of the core records.
// Names are those of the requirements S0-229 to S0-238 and S1-129 to S1-137, there from the first day; exporters come later.

export const logLevels = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type LogLevel = (typeof logLevels)[number];

/** On every line; '-' where there is none. */
export interface LogScope {
  tenant?: number | string;
  run?: string;
  task?: string;
  agent?: string;
}

export const metricDefinitions = {
  tasks_completed: { kind: 'counter', unit: '1', help: 'Tasks that ended well (S0-229)' },
  tasks_failed: { kind: 'counter', unit: '1', help: 'Tasks that failed or died (S1-130)' },
  task_duration: { kind: 'histogram', unit: 's', help: 'Start to end of a task (S0-230)' },
  success_rate: {
    kind: 'gauge',
    unit: '1',
    help: 'Share of ended tasks that ended well, last 60 s (S0-231, S1-130)',
  },
  memory_usage: { kind: 'gauge', unit: 'By', help: 'Resident memory of this host (S0-232)' },
  cpu_usage: { kind: 'gauge', unit: '1', help: 'CPU cores used by this host (S0-233)' },
  active_agents: {
    kind: 'gauge',
    unit: '1',
    help: 'Agents with an instance on this host (S0-234, S1-135)',
  },
  pending_tasks: {
    kind: 'gauge',
    unit: '1',
    help: 'Tasks not started: ready, blocked or waiting (S0-235)',
  },
  hive_efficiency: {
    kind: 'gauge',
    unit: '1',
    help: 'Busy slot-seconds over available slot-seconds, last 60 s (S0-236)',
  },
  api_latency: { kind: 'histogram', unit: 's', help: 'Time to answer an API request (S0-237)' },
  websocket_connections: { kind: 'gauge', unit: '1', help: 'Open WebSocket connections (S0-238)' },
  agent_execution_time: {
    kind: 'histogram',
    unit: 's',
    help: 'Time an agent worked on a task (S1-129)',
  },
  token_usage: { kind: 'counter', unit: '1', help: 'Model tokens used (S1-131)' },
  agent_messages: {
    kind: 'counter',
    unit: '1',
    help: 'Messages sent and received per agent (S1-132)',
  },
  queue_depth: { kind: 'gauge', unit: '1', help: 'Ready tasks (S1-133)' },
  delivery_latency: {
    kind: 'histogram',
    unit: 's',
    help: 'Message sent to message received (S1-134)',
  },
  concurrent_runs: { kind: 'gauge', unit: '1', help: 'Runs that are not finished (S1-136)' },
  db_query_time: {
    kind: 'histogram',
    unit: 's',
    help: 'Time of one flush or query of the store (S1-137)',
  },
  task_start_latency: { kind: 'histogram', unit: 's', help: 'Task accepted to task started' },
  store_flush_units: {
    kind: 'histogram',
    unit: '1',
    help: 'Units that one flush committed together',
  },
} as const satisfies Record<
  string,
  { kind: 'counter' | 'gauge' | 'histogram'; unit: string; help: string }
>;
export type MetricName = keyof typeof metricDefinitions;
export type MetricLabels = Readonly<Record<string, string>>;
