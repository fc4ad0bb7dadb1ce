/** Errors on the wire: application/problem+json (RFC 9457) with code, advice and request id. */
import { errorCodes } from '../contract/index.ts';
import type { HiveError } from '../contract/index.ts';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  advice: string;
  requestId: string;
  details?: Readonly<Record<string, unknown>>;
}

/** An internal fault keeps its message for the log: it may hold paths or SQL. */
export function toProblem(error: HiveError, requestId: string): Problem {
  const { message } = errorCodes[error.code];
  const isInternal = error.code === 'INTERNAL';
  return {
    type: `urn:hivewright:error:${error.code}`,
    title: message,
    status: error.status,
    detail: isInternal ? message : error.message,
    code: error.code,
    advice: error.advice,
    requestId,
    ...(isInternal || error.details === undefined ? {} : { details: error.details }),
  };
}
