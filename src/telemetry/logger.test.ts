import { describe, expect, test } from 'vitest';
import { hiveError } from '../contract/index.ts';
import { manualClock } from '../kernel/index.ts';
import { memoryDestination } from './memory-destination.ts';
import { createTelemetry } from './telemetry.ts';
import { testTelemetry } from './testing.ts';

describe('a line', () => {
  test('carries time, level, hive and the whole scope once, with - where there is none (S0-239 to S0-241, S1-140)', () => {
    const telemetry = testTelemetry(manualClock(Date.UTC(2026, 0, 2)));
    telemetry.logger.info('started');
    telemetry.logger
      .with({ run: 'run_1', tenant: 7 })
      .with({ task: 'tsk_1', agent: 'coder' })
      .warning('late', { waitMs: 5 });
    expect(telemetry.log.lines()).toEqual([
      {
        level: 'INFO',
        time: '2026-01-02T00:00:00.000Z',
        hive: 'test-hive',
        tenant: '-',
        run: '-',
        task: '-',
        agent: '-',
        message: 'started',
      },
      {
        level: 'WARNING',
        time: '2026-01-02T00:00:00.000Z',
        hive: 'test-hive',
        tenant: 7,
        run: 'run_1',
        task: 'tsk_1',
        agent: 'coder',
        message: 'late',
        fields: { waitMs: 5 },
      },
    ]);
    for (const line of telemetry.log.text().trimEnd().split('\n')) {
      for (const key of ['run', 'task', 'agent', 'tenant', 'level']) {
        expect(line.split(`"${key}":`), key).toHaveLength(2);
      }
    }
    telemetry.close();
  });

  test('fields cannot overwrite the frame', () => {
    const telemetry = testTelemetry();
    telemetry.logger.info('x', { run: 'forged', level: 'DEBUG', time: 'never', message: 'other' });
    expect(telemetry.log.lines()[0]).toMatchObject({ run: '-', level: 'INFO', message: 'x' });
    telemetry.close();
  });

  test('levels below the limit are not written (S0-240)', () => {
    const log = memoryDestination();
    const telemetry = createTelemetry({
      clock: manualClock(),
      level: 'WARNING',
      destination: log,
      hiveId: 'h',
    });
    for (const level of ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const)
      telemetry.logger.log(level, level);
    expect(log.lines().map(({ level }) => level)).toEqual(['WARNING', 'ERROR', 'CRITICAL']);
    expect(telemetry.logger.isEnabled('INFO')).toBe(false);
    telemetry.close();
  });

  test('control characters and line breaks cannot forge a second line', () => {
    const telemetry = testTelemetry();
    telemetry.logger.info('a\n{"level":"CRITICAL"}\u2028\0');
    expect(telemetry.log.text().trimEnd().split('\n')).toHaveLength(1);
    telemetry.close();
  });
});

describe('secrets', () => {
  test('a registered one appears nowhere: message, fields, keys, scope, error, cause, stack', () => {
    const telemetry = testTelemetry();
    const secret = 'S3cr3t-Value/π';
    telemetry.registerSecret(secret);
    const cause = new Error(`connect to ${secret} failed`);
    const error = hiveError('STORE_UNAVAILABLE', {
      message: `no answer (${secret})`,
      cause,
      details: { url: secret },
    });
    const aggregate = new AggregateError([new Error(secret)], secret);
    telemetry.logger.with({ agent: secret }).error(`failed with ${secret}${secret}`, {
      error,
      list: [{ deep: { er: secret } }],
      map: new Map([[secret, secret]]),
      [secret]: 1,
      aggregate,
    });
    expect(telemetry.log.text()).not.toContain('S3cr3t');
    expect(telemetry.log.lines()[0]).toMatchObject({
      message: 'failed with [redacted][redacted]',
      error: { code: 'STORE_UNAVAILABLE', kind: 'retry', cause: { name: 'Error' } },
    });
    expect(telemetry.redact(`x ${secret} y`)).toBe('x [redacted] y');
    telemetry.close();
  });

  test('fields are masked by name at any depth', () => {
    const telemetry = testTelemetry();
    const canary = 'canary-1';
    const names = [
      'password',
      'userPassword',
      'token',
      'accessToken',
      'refresh_tokens',
      'secret',
      'client-secret',
      'Authorization',
      'api_key',
      'apiKey',
      'x-api-key',
      'X-API-KEY',
      'cookie',
      'Set-Cookie',
      'private_key',
      'jwt',
      'credentials',
      'otp',
      'pwd',
    ];
    for (const name of names)
      telemetry.logger.info('x', { a: { b: [{ [name]: canary }] }, [name]: { nested: canary } });
    expect(telemetry.log.text()).not.toContain(canary);
    telemetry.close();
  });

  test('counts and ordinary names are not masked', () => {
    const telemetry = testTelemetry();
    const fields = {
      tokens: 12,
      inputTokens: 3,
      token_usage: 4,
      keys: 5,
      monkey: 6,
      tokenLimit: 7,
      handsName: 8,
      desk: 9,
    };
    telemetry.logger.info('Basic understanding of a key=value token list', fields);
    expect(telemetry.log.lines()[0]).toMatchObject({
      message: 'Basic understanding of a key=value token list',
      fields,
    });
    telemetry.close();
  });

  test('known shapes are masked in text', () => {
    const telemetry = testTelemetry();
    const texts = [
      ['postgres://ann:pa55@db/x', 'postgres://ann:[redacted]@db/x'],
      ['header Authorization: Basic dXNlcjpwYXNz, next', 'header Authorization: [redacted], next'],
      ['sent Bearer abcdefghijklmnopqrst end', 'sent Bearer [redacted] end'],
      ['DB_PASSWORD=hunter22 ok', 'DB_PASSWORD=[redacted] ok'],
      ['{"api_key":"abc123def"}', '{"api_key":"[redacted]"}'],
      ['key sk-abcdefghijklmnop1234 used', 'key [redacted] used'],
      ['AKIAIOSFODNN7EXAMPLE', '[redacted]'],
      ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-d', 'jwt [redacted]'],
    ];
    for (const [text = '', clean = ''] of texts) expect(telemetry.redact(text)).toBe(clean);
    telemetry.close();
  });

  test('a secret across the cut of a long text does not show', () => {
    const telemetry = testTelemetry();
    telemetry.registerSecret('0123456789abcdef');
    for (const at of [4_090, 32_760])
      telemetry.logger.info(`${'x'.repeat(at)}0123456789abcdef`.padEnd(60_000, 'y'));
    // Redaction shortens what stands before the secret, so that the end of what was read comes into view.
    const shrinking = `password=${'x'.repeat(4_000)} `.repeat(8).padEnd(32_760, '.');
    telemetry.logger.info(`${shrinking}0123456789abcdef`);
    expect(telemetry.log.text()).not.toContain('0123');
    telemetry.close();
  });

  test('hostile text costs little time', () => {
    const telemetry = testTelemetry();
    const began = performance.now();
    for (const part of [
      '-eyJaaaaa',
      'a.a+a',
      'password=',
      '-----BEGIN PRIVATE KEY-----',
      '://a:',
      'Bearer  ',
    ]) {
      telemetry.logger.info(part.repeat(200_000));
    }
    expect(performance.now() - began).toBeLessThan(2_000); // it is some 50 ms; a pattern gone quadratic takes minutes
    telemetry.close();
  });
});

describe('whatever is logged', () => {
  test('never throws and stays bounded', () => {
    const telemetry = testTelemetry();
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i++) deep = { deep };
    const hostile = {
      get trap(): string {
        throw new Error('trap');
      },
    };
    const fields = {
      loop,
      deep,
      hostile,
      big: 1n,
      nan: Number.NaN,
      no: undefined,
      sym: Symbol('s'),
      fn: () => 1,
      bytes: new Uint8Array(9),
      date: new Date(0),
      wide: Array.from({ length: 10_000 }, (_, i) => i),
      text: 'x'.repeat(1_000_000),
      error: Object.assign(new Error('m'), { cause: loop }),
      proto: JSON.parse('{"__proto__":{"x":1}}'),
      revoked: Proxy.revocable({}, {}),
    };
    fields.revoked.revoke();
    telemetry.logger.error('all of it', fields);
    expect(telemetry.log.text().length).toBeLessThan(20_000);
    expect(telemetry.log.lines()[0]).toMatchObject({
      fields: {
        loop: { self: '[circular]' },
        hostile: '[unreadable]',
        big: '1',
        nan: 'NaN',
        date: '1970-01-01T00:00:00.000Z',
      },
    });
    telemetry.close();
  });
});
