import { describe, expect, test } from 'vitest';
import { errorCodes } from './error-codes.ts';
import type { ErrorCode } from './error-codes.ts';
import { hiveError, isHiveError, toHiveError } from './errors.ts';

describe('errors', () => {
  test('every code has a message, advice that ends like a sentence, a kind and an HTTP status', () => {
    for (const [code, entry] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(entry.message.length, code).toBeGreaterThan(5);
      expect(entry.advice, code).toMatch(/[.)]$/);
      expect(entry.status, code).toBeGreaterThanOrEqual(400);
      expect(entry.status, code).toBeLessThan(600);
      expect(['retry', 'stop', 'pause', 'cancelled']).toContain(entry.kind);
    }
  });

  test('an error takes kind, status and advice from the registry and keeps its cause', () => {
    const cause = new Error('below');
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const error = hiveError(code, { cause, details: { a: 1 } });
      expect(error).toMatchObject({ code, ...errorCodes[code], details: { a: 1 } });
      expect(error.cause).toBe(cause);
      expect(error.toRecord()).toEqual({
        code,
        kind: errorCodes[code].kind,
        message: errorCodes[code].message,
        advice: errorCodes[code].advice,
        details: { a: 1 },
      });
    }
  });

  test('I2: whatever was thrown becomes an error with its cause', () => {
    const own = hiveError('NOT_FOUND');
    expect(toHiveError(own, 'INTERNAL')).toBe(own);
    for (const thrown of [new TypeError('t'), 'text', 7, null, undefined, { odd: true }]) {
      const error = toHiveError(thrown, 'AGENT_THREW');
      expect(isHiveError(error)).toBe(true);
      expect(error.code).toBe('AGENT_THREW');
      expect(error.cause).toBe(thrown);
    }
    expect(toHiveError(new TypeError('boom')).message).toBe('TypeError: boom');
    expect(toHiveError('x'.repeat(10_000)).message).toHaveLength(2_000);
  });

  test('an error of another copy of the package is known by its mark', () => {
    const copy = { [Symbol.for('hivewright.error')]: true, code: 'NOT_FOUND' };
    expect(isHiveError(copy)).toBe(true);
    expect(isHiveError(new Error('plain'))).toBe(false);
  });
});
