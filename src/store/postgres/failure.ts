// What an error of PostgreSQL or of its connection means for the work that met it. The only place that reads SQLSTATE.
// data: this unit cannot be stored, bisect. lost: the connection is gone, its commit unknown, repeat on a new one. again: nothing was
// written, repeat. The rest ends the call. https://www.postgresql.org/docs/15/errcodes-appendix.html

import { DatabaseError } from 'pg';
import { hiveError, isHiveError, toHiveError } from '../../contract/index.ts';
import type { HiveError } from '../../contract/index.ts';

export type FailureKind = 'data' | 'lost' | 'again' | 'full' | 'read-only' | 'other';

const AGAIN = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available: lock_timeout
  '57014', // query_canceled: statement_timeout
  '53200', // out_of_memory
  'XX000', // "tuple concurrently updated" of two GRANTs
]);
const LOST = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '25P03', // idle_in_transaction_session_timeout
  '53300', // too_many_connections
]);
const FULL = new Set(['53100', '53400']);

/** Thrown by a flush that met a writer who was faster: nothing was written, look again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

export function failureKind(error: unknown): FailureKind {
  if (error instanceof Overtaken) return 'again';
  if (isHiveError(error))
    return error.code.startsWith('INPUT_') ||
      error.code === 'ID_INVALID' ||
      error.code === 'NOT_FOUND' || // what the unit names
      error.code === 'IDEMPOTENCY_CONFLICT' || // of a child
      error.code === 'ILLEGAL_TRANSITION'
      ? 'data'
      : 'other';
  if (!(error instanceof DatabaseError))
    return error instanceof RangeError || error instanceof TypeError ? 'other' : 'lost'; // sockets, pg's own timeouts
  const code = error.code ?? '';
  if (AGAIN.has(code)) return 'again';
  if (LOST.has(code) || code.startsWith('08')) return 'lost';
  if (FULL.has(code)) return 'full';
  if (code === '25006') return 'read-only';
  if (code.startsWith('22') || code.startsWith('23') || code.startsWith('54')) return 'data';
  return 'other';
}

/** The error of the registry that the caller gets. */
export function storeError(error: unknown): HiveError {
  if (isHiveError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  switch (failureKind(error)) {
    case 'data': {
      const nul =
        error instanceof DatabaseError && (error.code === '22021' || error.code === '22P05');
      return hiveError(nul ? 'INPUT_NUL' : 'INPUT_INVALID', {
        message: `PostgreSQL refused the row: ${message}`,
        cause: error,
      });
    }
    case 'lost':
    case 'again':
      return hiveError('STORE_UNAVAILABLE', { message: `PostgreSQL: ${message}`, cause: error });
    case 'full':
      return hiveError('STORE_FULL', { message: `PostgreSQL: ${message}`, cause: error });
    case 'read-only':
      return hiveError('STORE_READ_ONLY', {
        message: `PostgreSQL: ${message}; connect to the primary server`,
        cause: error,
      });
    case 'other':
      return toHiveError(error);
  }
}
