// Waits between tries: the policy's upper bounds with full jitter (M. Brooker, "Exponential Backoff and Jitter", AWS 2015).

import type { RetryPolicy } from '../contract/index.ts';
import type { Random } from './random.ts';

/** Milliseconds before the next try, or null when the attempts are used up. `failures` counts tries that failed, from 1. */
export function backoffMs(policy: RetryPolicy, failures: number, random: Random): number | null {
  if (failures >= policy.maxAttempts) return null;
  const bound = policy.waitsMs[Math.min(failures, policy.waitsMs.length) - 1] ?? 0;
  return policy.jitter === 'full' ? Math.round(bound * random()) : bound;
}
