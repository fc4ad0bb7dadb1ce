// Log lines kept in memory, for tests.

import type { LogDestination } from './log-destination.ts';

export interface MemoryDestination extends LogDestination {
  /** The lines so far, parsed. */
  lines(): Record<string, unknown>[];
  /** The lines so far as they would be written. */
  text(): string;
}

export function memoryDestination(): MemoryDestination {
  let written = '';
  return {
    write: (line) => {
      written += line;
    },
    flushSync: () => {},
    close: () => {},
    lines: () =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    text: () => written,
  };
}
