// orchestrator: the durable loop that turns graphs into finished work and survives a crash.

export type { HostTelemetry } from './host-telemetry.ts';
export type { CancelTaskRequest } from './endings.ts';
export type { RunRequest, TaskRequest } from './intake.ts';
export { Orchestrator } from './orchestrator.ts';
export type { OrchestratorParts } from './orchestrator.ts';
export type { OrchestratorSettings } from './orchestrator-settings.ts';
export { whyWaiting } from './waiting-reason.ts';
export type { WaitingFacts } from './waiting-reason.ts';
