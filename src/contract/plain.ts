// contract's second door: the words without the schemas. For kernel, store and their worker threads, where loading the schema library
// would cost 80 ms and 25 MB for each thread. Whoever checks input from outside uses index.ts.

export { crashPoint, crashPoints, installCrashPlan } from './crash-point.ts';
export type { CrashPoint } from './crash-point.ts';
export type { ErrorCode } from './error-codes.ts';
export { HiveError, hiveError, isHiveError, toHiveError } from './errors.ts';
export type { ErrorRecord } from './errors.ts';
export { eventTypeName, eventTypes } from './events.ts';
export { formatId, idBytes } from './ids.ts';
export { MAX_CRASHES } from './retry-policy.ts';
export { canTransition, runStateName, runStates, taskStateName, taskStates } from './states.ts';
export { BLOB_BYTES } from './store-units.ts';
