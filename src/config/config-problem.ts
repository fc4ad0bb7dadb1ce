// One thing that is wrong with the configuration, in three parts: what, why, and how to mend it.

import { hiveError } from '../contract/index.ts';
import type { HiveError } from '../contract/index.ts';

export interface ConfigProblem {
  /** The place and the fault, e.g. `API_PORT is "abc"`. */
  what: string;
  why: string;
  fix: string;
}

/** All problems as one CONFIG_INVALID: a line for each in the message, the parts in its details. */
export function configError(problems: readonly ConfigProblem[]): HiveError {
  const lines = problems.map(({ what, why, fix }) => `${what}: ${why}. Fix: ${fix}.`);
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return hiveError('CONFIG_INVALID', {
    message: `The configuration has ${count}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    details: { problems: [...problems] },
  });
}
