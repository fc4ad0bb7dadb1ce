/** problem+json back to the error it was made of. */
import { errorCodes, hiveError } from '../contract/index.ts';
import type { ErrorCode, HiveError } from '../contract/index.ts';

/** Server text that is shown in a terminal: bounded here, stripped of control characters where it is printed. */
const MAX_DETAIL_CHARS = 2_000;

/** `status` and `body` of an answer that is not 2xx. */
export function errorFromProblem(status: number, body: unknown): HiveError {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const detail = typeof fields['detail'] === 'string' ? fields['detail'] : undefined;
  const requestId = typeof fields['requestId'] === 'string' ? fields['requestId'] : undefined;
  const { code } = fields;
  if (typeof code === 'string' && Object.hasOwn(errorCodes, code)) {
    return hiveError(code as ErrorCode, {
      ...(detail === undefined ? {} : { message: detail.slice(0, MAX_DETAIL_CHARS) }),
      details: {
        ...(isRecord(fields['details']) ? fields['details'] : {}),
        ...(requestId === undefined ? {} : { requestId }),
      },
    });
  }
  return hiveError(status >= 500 ? 'SERVER_UNREACHABLE' : 'INTERNAL', {
    message: `the server answered ${status} without an error code: is it a hive?`,
  });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
