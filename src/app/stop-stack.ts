// What was built, to be stopped in reverse. I1: it runs once. I2: a step that fails does not keep the others from being stopped.

export class StopStack {
  #steps: (() => unknown)[] = [];
  #stopping: Promise<void> | undefined;

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Rejects with the first failure, after every step has had its turn. */
  stop(): Promise<void> {
    this.#stopping ??= this.#run();
    return this.#stopping;
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.toReversed()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#steps = [];
    if (failures.length > 0) throw failures[0];
  }
}
