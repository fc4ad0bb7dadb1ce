// kernel: small tools that every room may use: time, ids, randomness, retry waits, group commit, assertions.

export { assert, unreachable } from './assert.ts';
export { backoffMs } from './backoff.ts';
export { Batcher } from './batcher.ts';
export type { BatcherOptions } from './batcher.ts';
export { manualClock, systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { parseCrashPlan } from './crash-plan.ts';
export { deferred } from './deferred.ts';
export type { Deferred } from './deferred.ts';
export { idSource, systemRandom } from './id-source.ts';
export type { IdSource, RandomFill } from './id-source.ts';
export { nearest } from './nearest.ts';
export { seededRandom, systemUniform } from './random.ts';
export type { Random } from './random.ts';
export { threadEnvironment } from './thread-environment.ts';
export { ThreadPool } from './thread-pool.ts';
export type { ThreadEnd, ThreadJob, ThreadPoolOptions, ThreadTicket } from './thread-pool.ts';
