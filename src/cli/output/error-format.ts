/** How an error is shown: the same facts for people and for machines. */
import type { HiveError } from '../../contract/index.ts';
import { oneLine, safeLines } from './plain-text.ts';
import type { Paint } from './paint.ts';

export interface ShownError {
  code: string;
  /** What could not be done, e.g. 'Cannot inspect ./x'. */
  what: string;
  why: string;
  fix: string[];
  docs: string;
  request_id: string | null;
}

/** Causes of several problems at once (a configuration) come one per line. */
const MAX_WHY_LINES = 20;

export function describeError(error: HiveError, what: string): ShownError {
  const requestId = error.details?.['requestId'];
  const own = error.details?.['fix'];
  const fixes = Array.isArray(own) ? own.filter((each) => typeof each === 'string') : [];
  return {
    code: error.code,
    what,
    why: error.message,
    fix: fixes.length > 0 ? fixes : [error.advice],
    docs: `hive help ${error.code}`,
    request_id: typeof requestId === 'string' ? requestId : null,
  };
}

/** The lines for a terminal. */
export function errorLines(shown: ShownError, paint: Paint): string[] {
  const [why = '', ...more] = safeLines(shown.why).slice(0, MAX_WHY_LINES);
  const request = shown.request_id === null ? '' : `   request ${oneLine(shown.request_id)}`;
  return [
    `${paint.tone('danger', 'x')} ${oneLine(shown.what)} (${shown.code})`,
    `  Why: ${why}`,
    ...more.map((line) => `       ${line}`),
    ...shown.fix.map((fix, at) => `  ${at === 0 ? 'Fix:' : '    '} ${oneLine(fix)}`),
    `  More: ${shown.docs}${request}`,
  ];
}
