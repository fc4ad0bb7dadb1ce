// A secret value of the configuration. Owns: keeping the text out of logs, errors and JSON. Does not own: where it is used.
// I1: every implicit way to text (JSON, template, inspect, spread) gives the mask; only reveal() gives the value.

import { inspect } from 'node:util';

/** What stands in place of a secret wherever it would be shown. */
export const SECRET_MASK = '[secret]';

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The value itself. Hand it to the one party that needs it and to telemetry's registerSecret. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SECRET_MASK;
  }

  toJSON(): string {
    return SECRET_MASK;
  }

  [inspect.custom](): string {
    return SECRET_MASK;
  }
}
