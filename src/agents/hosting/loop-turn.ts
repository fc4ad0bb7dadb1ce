/**
 * Calls back when the microtasks of this turn of the event loop have drained, with one immediate for
 * all who ask: an immediate of its own would cost a short task as much as its steps.
 * Owns: who is to be told. I1: each is told once per request, in the order of asking.
 */

/** What is told. It must not throw: the others of the turn come after it. */
export interface TurnListener {
  afterTurn(): void;
}

let listeners: TurnListener[] = [];

function tellAll(): void {
  const told = listeners;
  listeners = [];
  for (const each of told) each.afterTurn();
}

export function tellAfterTurn(listener: TurnListener): void {
  if (listeners.push(listener) === 1) setImmediate(tellAll);
}
