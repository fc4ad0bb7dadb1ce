/** Reading JSON columns back. A row that does not parse must not make a list unreadable. */
import { errorCodes } from '../contract/index.ts';
import type { ErrorView, Json } from '../contract/index.ts';

export function storedJson(text: string | null): Json {
  if (text === null) return null;
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

/** The fields of a stored object; none for anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return asRecord(value) ?? {};
}

const asText = (value: unknown, otherwise: string): string =>
  typeof value === 'string' ? value : otherwise;

/** The error of a task or run, as stored by its settling. */
export function storedError(text: string | null): ErrorView | null {
  const record = asRecord(storedJson(text));
  if (record === undefined) return null;
  const details = asRecord(record['details']);
  return {
    code: asText(record['code'], 'INTERNAL'),
    kind: asText(record['kind'], 'stop'),
    message: asText(record['message'], errorCodes.INTERNAL.message),
    advice: asText(record['advice'], ''),
    ...(details === undefined ? {} : { details }),
  };
}
