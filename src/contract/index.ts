// contract: the words that every room speaks. Ids, schemas, events, errors, states and ports; no behaviour beyond checking them.

export { agentManifest, agentName, placements } from './agent.ts';
export type { AgentManifest, Placement, SimpleStatus } from './agent.ts';
export type { AgentRunner, Attempt, AttemptHost, AttemptOutcome } from './agent-runner.ts';
export { crashPoint, crashPoints, installCrashPlan } from './crash-point.ts';
export type { CrashPoint } from './crash-point.ts';
export { errorCodes } from './error-codes.ts';
export type { ErrorCode, ErrorKind } from './error-codes.ts';
export { HiveError, hiveError, isHiveError, toHiveError } from './errors.ts';
export type { ErrorOptions, ErrorRecord } from './errors.ts';
export { eventData } from './event-data.ts';
export { eventTypeName, eventTypes } from './events.ts';
export type { EventType, HiveEvent } from './events.ts';
export { formatDuration, formatWait } from './format-duration.ts';
export {
  agentNode,
  capability,
  graph,
  graphLimits,
  graphNode,
  joinNode,
  mapNode,
  nodeId,
} from './graph.ts';
export type { Graph, GraphInput, GraphNode, TaskNode } from './graph.ts';
export { encodeBase32, formatId, idBytes, idPrefixes, isId, parseId } from './ids.ts';
export type {
  AgentId,
  HostId,
  Id,
  IdKind,
  InstanceId,
  ProjectId,
  RunId,
  TaskId,
  TenantId,
} from './ids.ts';
export { encodeJson, jsonLimits } from './json.ts';
export type { Json } from './json.ts';
export { operationLimits, operationNames, operationTable } from './operation-table.ts';
export type {
  OperationInput,
  OperationName,
  OperationOutput,
  OperationRequest,
} from './operation-table.ts';
export {
  agentLabel,
  agentLooks,
  healthLooks,
  runLabel,
  runLabels,
  runLooks,
  taskLabel,
  taskLooks,
  toneMeanings,
  tones,
} from './labels.ts';
export type { AgentLifecycle, StateLabel, TaskLabelFacts, Tone } from './labels.ts';
export { MAX_CRASHES, retryPresetNames, retryPresets } from './retry-policy.ts';
export type { RetryPolicy, RetryPreset } from './retry-policy.ts';
export {
  canTransition,
  isRunTerminal,
  isTerminal,
  runStateName,
  runStates,
  taskReasons,
  taskStateName,
  taskStates,
  taskTransitions,
} from './states.ts';
export type { RunState, TaskReason, TaskState, TaskStateCode } from './states.ts';
export type {
  ClaimedTask,
  ClaimRequest,
  EnqueueUnit,
  EnqueueVerdict,
  EventReader,
  HostKey,
  JournalStep,
  LaneKey,
  Lease,
  LostTask,
  NewAttempt,
  NewAudit,
  NewEvent,
  NewRun,
  NewTask,
  ProjectKey,
  ReadQuery,
  ReapResult,
  RouteKey,
  RunChange,
  RunKey,
  RunRow,
  SettleUnit,
  SettleVerdict,
  Statement,
  Store,
  StoreDialect,
  StoreHealth,
  StoreHints,
  TaskChange,
  TaskCore,
  TaskKey,
  TenantKey,
} from './store.ts';
export { logLevels, metricDefinitions } from './telemetry-port.ts';
export type { LogLevel, LogScope, MetricLabels, MetricName } from './telemetry-port.ts';
export type {
  AgentView,
  DoctorCheck,
  ErrorView,
  EventView,
  HiveStatus,
  NodeView,
  RunSummary,
  RunView,
  TaskCounts,
  TaskSummary,
  TaskView,
  WhyView,
} from './views.ts';
