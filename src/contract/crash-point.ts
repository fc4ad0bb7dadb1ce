// Named crash points (reliability.md 2.1). Durable code calls crashPoint(name); it does nothing unless a test installed a plan.
// Installed only by the composition root from FAULT_AT=name:n (dies with SIGKILL at the n-th pass), never by configuration of the product.

export const crashPoints = {
  C1: 'request read, before the run is inserted',
  C2: 'run inserted, before commit',
  C3: 'committed, before the answer',
  C4: 'lease and fence committed, before work',
  C5: 'intent of an effect committed, before the effect',
  C6: 'effect done, before its result is committed',
  C7: 'inside the result commit',
  C8: 'result committed, before the next step is scheduled',
  C9: 'flush committed, before the wake-up',
  C10: 'wake-up sent, before dispatch',
  C15: 'timer due, before and after its promotion is committed',
  C16: 'event or approval received, before and after its commit',
  C17: 'cancel of a run, before and after its commit, and between two compensations',
  C18: 'lease renewal',
  C20: 'graceful shutdown, and between the statements of a migration',
} as const;
export type CrashPoint = keyof typeof crashPoints;

let plan: ((point: CrashPoint) => void) | undefined;

/** Called by durable code; inert unless a plan is installed. */
export function crashPoint(point: CrashPoint): void {
  if (plan !== undefined) plan(point);
}

export function installCrashPlan(next: ((point: CrashPoint) => void) | undefined): void {
  plan = next;
}
