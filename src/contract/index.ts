// contract: the words that every room speaks. Ids, schemas, events, errors, states and ports; no behaviour beyond checking them.

export { agentManifest, agentName, placements } from './agent.ts';
export type { AgentManifest, Placement, SimpleStatus } from './agent.ts';
export type {
  AgentRunner,
  ApprovalAnswer,
  ApprovalForm,
  Attempt,
  AttemptHost,
  AttemptOutcome,
  ChildRequest,
  WaitResult,
} from './agent-runner.ts';
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
  expression,
  FLOW_CAPABILITY,
  graph,
  graphLimits,
  graphNode,
  joinNode,
  mapNode,
  missingRooms,
  nodeId,
} from './graph.ts';
export type {
  FlowNode,
  Graph,
  GraphInput,
  GraphNode,
  NodeKind,
  TaskNode,
  WorkNode,
} from './graph.ts';
export { encodeBase32, formatId, idBytes, idPrefixes, isId, parseId, timeOfId } from './ids.ts';
export type {
  AgentId,
  ApprovalId,
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
export { jsonSchema } from './json-schema.ts';
export type { JsonSchema } from './json-schema.ts';
export { schemaMismatches } from './schema-mismatches.ts';
export { schemaWords } from './schema-words.ts';
export { operationLimits } from './operation-fields.ts';
export { operationNames, operationTable } from './operation-table.ts';
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
export type { DiffSide, ExportedRun, PruneReport, RunDiff, ValueDiff } from './run-documents.ts';
export { strategies } from './run-operations.ts';
export { MAX_CRASHES, retryPresetNames, retryPresets } from './retry-policy.ts';
export type { RetryPolicy, RetryPreset } from './retry-policy.ts';
export {
  canTransition,
  isRunTerminal,
  isTerminal,
  openStates,
  runStateName,
  runStates,
  taskReasons,
  taskStateName,
  taskStates,
  taskTransitions,
} from './states.ts';
export type { RunState, TaskReason, TaskState, TaskStateCode } from './states.ts';
export { BLOB_BYTES } from './store-units.ts';
export type {
  ClaimedTask,
  ClaimRequest,
  EventReader,
  LostTask,
  PruneRequest,
  PruneResult,
  ReadQuery,
  ReapResult,
  RunRow,
  Statement,
  Store,
  StoreDialect,
  StoreHealth,
  StoreHints,
  StoreSize,
  TaskCore,
} from './store.ts';
export type {
  EnqueueUnit,
  EnqueueVerdict,
  HostKey,
  JournalStep,
  LaneKey,
  Lease,
  NewAttempt,
  NewAudit,
  NewDelivery,
  NewEvent,
  NewRun,
  NewTask,
  ProjectKey,
  RouteKey,
  RunChange,
  RunKey,
  RunParent,
  RunSweep,
  SettleUnit,
  SettleVerdict,
  TaskChange,
  TaskCopy,
  TaskKey,
  TenantKey,
  WaitAnswer,
} from './store-units.ts';
export { logLevels, metricDefinitions } from './telemetry-port.ts';
export type { LogLevel, LogScope, MetricLabels, MetricName } from './telemetry-port.ts';
export type {
  AgentView,
  ApprovalView,
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
  WaitView,
  WhyView,
  WorkflowUse,
} from './views.ts';
