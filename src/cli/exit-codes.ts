/** Exit codes: what each means, and which error ends with which. Printed by `hive help exit-codes`. */
import type { ErrorCode } from '../contract/index.ts';

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  conflict: 5,
  unsuccessful: 6,
  timeout: 7,
  unreachable: 8,
  refused: 9,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  failed: 'failed; the message says why',
  usage: 'the command line or an input is not right',
  notFound: 'there is nothing with that id or name',
  denied: 'a token is needed, or not permitted',
  conflict: 'it clashes with the present state, or with an earlier request',
  unsuccessful: 'the run that was watched ended, but not well',
  timeout: 'not finished within --timeout or --wait; the work goes on',
  unreachable: 'the hive does not answer',
  refused: 'a gate or policy refused',
  interrupted: 'interrupted by Ctrl+C',
};

const byError: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  USAGE: exitCodes.usage,
  INPUT_INVALID: exitCodes.usage,
  INPUT_TOO_LARGE: exitCodes.usage,
  INPUT_TOO_DEEP: exitCodes.usage,
  INPUT_NUL: exitCodes.usage,
  ID_INVALID: exitCodes.usage,
  PATH_INVALID: exitCodes.usage,
  CONFIG_INVALID: exitCodes.usage,
  GRAPH_INVALID: exitCodes.usage,
  NOT_FOUND: exitCodes.notFound,
  AGENT_UNKNOWN: exitCodes.notFound,
  CAPABILITY_UNKNOWN: exitCodes.notFound,
  TOKEN_INVALID: exitCodes.denied,
  ORIGIN_REFUSED: exitCodes.denied,
  FORBIDDEN: exitCodes.denied,
  IDEMPOTENCY_CONFLICT: exitCodes.conflict,
  ILLEGAL_TRANSITION: exitCodes.conflict,
  STALE_FENCE: exitCodes.conflict,
  STALE_VERSION: exitCodes.conflict,
  LOCK_HELD: exitCodes.conflict,
  APPROVAL_CLOSED: exitCodes.conflict,
  RUN_FAILED: exitCodes.unsuccessful,
  TIMEOUT: exitCodes.timeout,
  SERVER_UNREACHABLE: exitCodes.unreachable,
  SHUTTING_DOWN: exitCodes.unreachable,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return byError[code] ?? exitCodes.failed;
}
