// A ratio over the last 60 seconds: two sums in a ring of one slot per second. Feeding it is two additions.
// I1: what is older than the window never counts. I2: no allocation after construction. I3: no weight means no ratio, not zero.

const WINDOW_SECONDS = 60; // S0-231 and S0-236: the last 60 s

export class RollingRatio {
  readonly #parts = new Float64Array(WINDOW_SECONDS);
  readonly #wholes = new Float64Array(WINDOW_SECONDS);
  #second = 0;

  /** Adds to the second of `atMs`; time never goes back (a monotonic clock). */
  add(atMs: number, part: number, whole: number): void {
    const second = this.#turnTo(atMs);
    const slot = second % WINDOW_SECONDS;
    this.#parts[slot] = (this.#parts[slot] ?? 0) + part;
    this.#wholes[slot] = (this.#wholes[slot] ?? 0) + whole;
  }

  /** part / whole over the window that ends at `atMs`, or null when nothing weighed in. */
  ratio(atMs: number): number | null {
    this.#turnTo(atMs);
    let part = 0;
    let whole = 0;
    for (let i = 0; i < WINDOW_SECONDS; i++) {
      part += this.#parts[i] ?? 0;
      whole += this.#wholes[i] ?? 0;
    }
    return whole > 0 ? part / whole : null;
  }

  /** Empties the slots of the seconds that passed since the last call. */
  #turnTo(atMs: number): number {
    const second = Math.max(this.#second, Math.floor(atMs / 1_000));
    const passed = Math.min(second - this.#second, WINDOW_SECONDS);
    for (let i = 0; i < passed; i++) {
      const slot = (second - i) % WINDOW_SECONDS;
      this.#parts[slot] = 0;
      this.#wholes[slot] = 0;
    }
    this.#second = second;
    return second;
  }
}

export { WINDOW_SECONDS };
