// Fan-out of a store's hints inside this process. Hints may be lost or doubled; listeners must not throw.

import type { RouteKey, StoreHints, TaskKey } from '../contract/index.ts';

export class HintHub implements StoreHints {
  readonly #ready = new Set<(routes: readonly RouteKey[]) => void>();
  readonly #events = new Set<() => void>();
  readonly #revoked = new Set<(tasks: readonly TaskKey[]) => void>();

  onReady(listener: (routes: readonly RouteKey[]) => void): () => void {
    this.#ready.add(listener);
    return () => this.#ready.delete(listener);
  }

  onEvents(listener: () => void): () => void {
    this.#events.add(listener);
    return () => this.#events.delete(listener);
  }

  onRevoked(listener: (tasks: readonly TaskKey[]) => void): () => void {
    this.#revoked.add(listener);
    return () => this.#revoked.delete(listener);
  }

  ready(routes: readonly RouteKey[]): void {
    for (const listener of this.#ready) listener(routes);
  }

  events(): void {
    for (const listener of this.#events) listener();
  }

  revoked(tasks: readonly TaskKey[]): void {
    for (const listener of this.#revoked) listener(tasks);
  }
}
