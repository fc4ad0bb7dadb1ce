// What main thread and writer thread say to each other: plain data only (structured clone). One request = one flush.

import type {
  ClaimedTask,
  ClaimRequest,
  EnqueueUnit,
  EnqueueVerdict,
  ErrorRecord,
  HostKey,
  JournalStep,
  PruneRequest,
  PruneResult,
  ReapResult,
  RouteKey,
  SettleUnit,
  SettleVerdict,
  Statement,
  TaskKey,
  TenantKey,
} from '../../contract/index.ts';
import type { EventWalk } from './pruner.ts';
import type { WireResult } from './wire.ts';

export interface OperationTypes {
  enqueue: { input: EnqueueUnit; output: EnqueueVerdict };
  claim: { input: ClaimRequest; output: ClaimedTask[] };
  settle: { input: SettleUnit; output: SettleVerdict };
  start: {
    input: readonly { key: TaskKey; fence: number; startedMs: number }[];
    output: TaskKey[];
  };
  renew: {
    input: {
      leases: readonly { key: TaskKey; fence: number; startedMs: number | null }[];
      untilMs: number;
    };
    output: TaskKey[];
  };
  reap: { input: { host: HostKey; nowMs: number }; output: ReapResult };
  promote: {
    input: { nowMs: number; limit: number };
    output: { promoted: number; nextDueMs: number | null };
  };
  journal: {
    input: {
      key: TaskKey;
      tenant: TenantKey;
      fence: number;
      steps: readonly JournalStep[];
      reset?: boolean;
    };
    output: boolean;
  };
  /** One piece each (see pruner.ts). */
  prune: { input: PruneRequest; output: PruneResult };
  pruneEvents: { input: EventWalk; output: number | null };
  write: { input: readonly Statement[]; output: null };
  registerHost: { input: { id: string; boot: string; startedMs: number }; output: HostKey };
  routes: { input: readonly (readonly string[])[]; output: RouteKey[] };
}
export type OperationName = keyof OperationTypes;
export type Operation = {
  [K in OperationName]: { op: K; input: OperationTypes[K]['input'] };
}[OperationName];
export type OperationOutput = OperationTypes[OperationName]['output'];

export type OperationResult =
  | { ok: true; value: OperationOutput }
  | { ok: false; error: ErrorRecord };

export interface FlushHints {
  readyRoutes: RouteKey[];
  revoked: TaskKey[];
  events: boolean;
}

export interface FlushReply {
  results: WireResult[];
  hints: FlushHints;
}

export interface WriterSettings {
  file: string;
  nowMs: number;
  maxPages?: number;
  /** From tests only: "C2:1" dies at the first pass of C2 in this thread. */
  faultAt?: string;
}
