// orchestrator: the durable loop that turns graphs into finished work and survives a crash.

export { checkGraph } from './graph-check.ts';
export type { HostTelemetry } from './host-telemetry.ts';
export type { CancelTaskRequest } from './endings.ts';
export type { RunRequest, TaskRequest } from './intake.ts';
export { Orchestrator } from './orchestrator.ts';
export type { OrchestratorParts } from './orchestrator.ts';
export type { OrchestratorSettings } from './orchestrator-settings.ts';
export type {
  By,
  DecideRequest,
  ForkPoint,
  ForkRequest,
  ReplayedTask,
  ReplayReport,
  ResolveRequest,
  RunVerbs,
  SignalRequest,
} from './run-verbs.ts';
export { strategyGraph } from './strategy-graph.ts';
export { readWorkflow } from './workflow-file.ts';
export { whyWaiting } from './waiting-reason.ts';
export type { WaitingFacts } from './waiting-reason.ts';
