import { describe, expect, test } from 'vitest';
import { faultPlan, terminalFacts } from './environment.ts';
import { nearestWord } from './nearest-word.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';

const rows: Setting<unknown>[] = Object.values(settings);

/** Appendix B of the first seed (S0-273 to S0-287). */
const seedVariables = [
  'HIVE_ID',
  'DISTRIBUTION_STRATEGY',
  'MAX_AGENTS_PER_TYPE',
  'API_PORT',
  'API_WORKERS',
  'JWT_SECRET',
  'JWT_EXPIRY',
  'REDIS_URL',
  'POSTGRES_URL',
  'WS_PORT',
  'WS_PING_INTERVAL',
  'WS_MAX_CONNECTIONS',
  'RATE_LIMIT_REQUESTS',
  'RATE_LIMIT_PERIOD',
  'COMMAND_TIMEOUT',
];

describe('the table', () => {
  test('has every variable of the seed', () => {
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(seedVariables));
  });

  test('names, keys and flags are unique', () => {
    const columns = [
      rows.map(({ name }) => name),
      rows.map(({ key }) => key),
      rows.flatMap(({ flag }) => flag ?? []),
    ];
    for (const column of columns) expect(new Set(column).size).toBe(column.length);
  });

  test('a secret has no flag, and every row says what it does', () => {
    for (const row of rows) {
      if (row.isSecret) expect(row.flag, row.name).toBeNull();
      expect(row.help, row.name).toMatch(/^[A-Z].*\.$/);
      expect(row.fallbackText, row.name).not.toMatch(/undefined|null/);
    }
  });

  test('every plain default is valid input of its own row', () => {
    for (const row of rows.filter(({ isSecret }) => !isSecret)) {
      const value = row.fallback({ randomText: () => '' });
      if (value === null) continue;
      expect(row.kind.schema.safeParse(value), row.name).toMatchObject({
        success: true,
        data: value,
      });
    }
  });
});

test('bytes take units', () => {
  const { schema } = settings.minFreeBytes.kind;
  expect(schema.parse('2GiB')).toBe(2 * 1_024 ** 3);
  expect(schema.parse('512 KiB')).toBe(524_288);
  expect(schema.safeParse('1MB').success).toBe(false);
});

test('the nearest word is found for a typing error only', () => {
  expect(nearestWord('api.prot', ['api.port', 'api.workers'])).toBe('api.port');
  expect(nearestWord('color', ['api.port', 'api.workers'])).toBeUndefined();
  expect(nearestWord('x'.repeat(1_000), ['x'])).toBeUndefined();
});

test('what the environment says about the terminal', () => {
  expect(terminalFacts({})).toEqual({ color: 'auto', columns: null, isDumb: false, isCi: false });
  const env = { NO_COLOR: '1', FORCE_COLOR: '1', TERM: 'dumb', COLUMNS: '80', CI: 'true' };
  expect(terminalFacts(env)).toEqual({ color: 'never', columns: 80, isDumb: true, isCi: true });
  expect(terminalFacts({ FORCE_COLOR: '1', COLUMNS: 'x', CI: 'false' })).toEqual({
    color: 'always',
    columns: null,
    isDumb: false,
    isCi: false,
  });
});

test('FAULT_AT names a crash point and a pass, or is refused', () => {
  expect(faultPlan({})).toBeNull();
  expect(faultPlan({ FAULT_AT: 'C8:3' })).toEqual({ point: 'C8', pass: 3 });
  expect(faultPlan({ FAULT_AT: 'C8' })).toEqual({ point: 'C8', pass: 1 });
  for (const text of ['C99', 'C8:0', 'C8:x', 'C8:1:2', 'toString']) {
    expect(() => faultPlan({ FAULT_AT: text }), text).toThrow(/FAULT_AT/);
  }
});
