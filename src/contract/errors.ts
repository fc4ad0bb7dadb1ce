// The one error class and its helpers. The registry of codes is error-codes.ts; docs/errors.md is generated from it.
// I1: the kind decides the retry; nobody parses messages. I2: unknown thrown values enter through toHiveError. I3: the cause is kept.

import { errorCodes } from './error-codes.ts';
import type { ErrorCode, ErrorKind } from './error-codes.ts';

export interface ErrorOptions {
  /** What happened here, with the values that matter; defaults to the registry's text. */
  message?: string;
  cause?: unknown;
  /** JSON-serialisable facts for machines; never a secret. */
  details?: Readonly<Record<string, unknown>>;
}

/** The wire form of an error: stored with tasks, sent by the API, printed by the command line. */
export interface ErrorRecord {
  code: string;
  kind: ErrorKind;
  message: string;
  advice: string;
  details?: Readonly<Record<string, unknown>>;
}

const MARK = Symbol.for('hivewright.error'); // a symbol, not instanceof: survives two copies of the package

export class HiveError extends Error {
  readonly [MARK] = true;
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly status: number;
  readonly advice: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    const entry = errorCodes[code];
    super(
      options.message ?? entry.message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'HiveError';
    this.code = code;
    this.kind = entry.kind;
    this.status = entry.status;
    this.advice = entry.advice;
    this.details = options.details;
  }

  toRecord(): ErrorRecord {
    return {
      code: this.code,
      kind: this.kind,
      message: this.message,
      advice: this.advice,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

export function hiveError(code: ErrorCode, options: ErrorOptions = {}): HiveError {
  return new HiveError(code, options);
}

export function isHiveError(value: unknown): value is HiveError {
  return typeof value === 'object' && value !== null && MARK in value;
}

/** The one door for unknown thrown values: a HiveError stays, all else becomes `fallback` with the cause kept. */
export function toHiveError(value: unknown, fallback: ErrorCode = 'INTERNAL'): HiveError {
  if (isHiveError(value)) return value;
  const message =
    value instanceof Error
      ? `${value.name === 'Error' ? '' : `${value.name}: `}${value.message}`
      : String(value);
  return new HiveError(fallback, { message: message.slice(0, 2_000), cause: value });
}
