import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isHiveError } from '../contract/index.ts';
import { describeConfig, secretTexts } from './describe-config.ts';
import { loadConfig } from './load-config.ts';
import type { LoadConfigOptions } from './load-config.ts';
import { Secret } from './secret.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'hive-config-')));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const load = (options: Partial<LoadConfigOptions> = {}) =>
  loadConfig({ flags: {}, env: { HOME: '/home/ada' }, cwd: root, ...options });

const writeFile = (text: string, folder = root): string => {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'hive.config.yaml');
  writeFileSync(file, text);
  return file;
};

function problemsOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isHiveError(error) && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('defaults', () => {
  test("are the seed's (S0-273 to S0-287)", () => {
    const config = load();
    expect(config).toMatchObject({
      hiveId: 'main-hive',
      distributionStrategy: 'capability_based',
      maxAgentsPerType: 10,
      apiPort: 8_000,
      apiWorkers: 4,
      jwtExpirySeconds: 3_600,
      postgresUrl: null,
      websocketPort: 8_001,
      websocketPingSeconds: 30,
      websocketMaxConnections: 100,
      rateLimitRequests: 100,
      rateLimitSeconds: 60,
      commandTimeoutSeconds: 300,
      leaseMs: 15_000,
      maxPayloadBytes: 1_048_576,
      notices: [],
    });
    expect(config.redisUrl.reveal()).toBe('redis://localhost:6379');
    expect(config.jwtSecret.reveal()).toMatch(/^[\w-]{43}$/);
    expect(load().jwtSecret.reveal()).not.toBe(config.jwtSecret.reveal());
    expect(config.threads).toBeGreaterThanOrEqual(1);
  });

  test("the data goes into the user's folder, or beside the configuration file", () => {
    expect(load().dataDirectory).toMatch(/^\/home\/ada\/.*hivewright$/);
    expect(load({ env: { XDG_DATA_HOME: '/data' } }).dataDirectory).toBe('/data/hivewright');
    writeFile('hive: { id: here }');
    const below = path.join(root, 'a', 'b');
    mkdirSync(below, { recursive: true });
    expect(load({ cwd: below }).dataDirectory).toBe(path.join(root, '.hive'));
  });
});

describe('precedence', () => {
  test('flags > environment > file > default, and the losers are kept', () => {
    const file = writeFile('# mine\napi:\n  port: 3\n');
    expect(load().apiPort).toBe(3);
    expect(load().origins.apiPort).toEqual({
      source: 'file',
      where: `api.port (${file}:3)`,
      overridden: [],
    });
    const env = { API_PORT: '2' };
    expect(load({ env }).apiPort).toBe(2);
    const config = load({ env, flags: { port: '1' } });
    expect(config.apiPort).toBe(1);
    expect(config.origins.apiPort).toEqual({
      source: 'flag',
      where: '--port',
      overridden: ['API_PORT', `api.port (${file}:3)`],
    });
    expect(load({ flags: { logLevel: 'debug' } }).logLevel).toBe('DEBUG');
  });

  test('an empty variable and an empty key are not set', () => {
    writeFile('api:\n  port:\n');
    expect(load({ env: { API_PORT: '', POSTGRES_URL: ' ' } })).toMatchObject({
      apiPort: 8_000,
      postgresUrl: null,
    });
  });

  test('relative paths mean the place where they were written', () => {
    const below = path.join(root, 'below');
    mkdirSync(below);
    writeFile('hive: { data: state }');
    expect(load({ cwd: below }).dataDirectory).toBe(path.join(root, 'state'));
    const env = { HIVE_DATA: 'state' };
    expect(load({ cwd: below, env }).dataDirectory).toBe(path.join(below, 'state'));
  });
});

describe('problems', () => {
  test('all are told at once, each with what, why and fix', () => {
    const file = writeFile(
      'api:\n  prot: 1\nhive: { minFreeBytes: lots }\nnonsense: {}\nlogs: 3\n',
    );
    const env = {
      API_PORT: '70000',
      DISTRIBUTION_STRATEGY: 'random',
      POSTGRES_URL: 'mysql://a:b@c/d',
    };
    const message = problemsOf(() => load({ env, flags: { threads: 'many' } }));
    const lines = message.split('\n').slice(1);
    expect(lines).toHaveLength(7);
    for (const line of lines) expect(line).toMatch(/^ {2}\S.* Fix: .+\.$/);
    expect(message).toContain(
      `${file}:2 has the key api.prot: there is no such setting. Fix: did you mean api.port?`,
    );
    expect(message).toContain('API_PORT is "70000": it must be a whole number from 0 to 65535.');
    expect(message).toContain('one of capability_based, least_busy, round_robin, priority');
    expect(message).toContain(
      '--threads is "many": it must be auto, or a whole number from 1 to 256',
    );
    expect(message).toContain('hive.minFreeBytes');
    expect(message).toContain('logs: it is a group');
    expect(message).not.toContain('a:b');
  });

  test('a wrong value is told even where a flag hides it', () => {
    expect(problemsOf(() => load({ env: { API_PORT: 'x' }, flags: { port: 1 } }))).toContain(
      'API_PORT',
    );
  });

  test('broken YAML, a list and a repeated key name their line', () => {
    const file = writeFile('a: [1\nb: 2\n');
    expect(problemsOf(() => load())).toMatch(`${file}:2: not valid YAML`);
    writeFile('- 1\n');
    expect(problemsOf(() => load())).toContain('must hold keys with values');
    writeFile('hive: { id: a }\nhive: { id: b }\n');
    expect(problemsOf(() => load())).toContain(`${file}:2`);
  });

  test('a file that cannot be read is a problem, not a crash', () => {
    const fileSystem = {
      realPath: (file: string) => file,
      readText: () => {
        throw new Error('EACCES: permission denied');
      },
    };
    expect(problemsOf(() => load({ fileSystem }))).toContain('EACCES');
  });

  test('numbers are strict: no hexadecimal, fractions or blanks inside', () => {
    for (const text of ['0x10', '1.5', '1 0', '1e3', '٣', 'NaN']) {
      expect(
        problemsOf(() => load({ env: { API_PORT: text } })),
        text,
      ).toContain('API_PORT');
    }
  });
});

describe('the inspected path', () => {
  test('gives no configuration, also as the working directory or through a link', () => {
    const tree = path.join(root, 'foreign');
    writeFile('hive: { id: foreign }', path.join(tree, 'deep'));
    writeFile('hive: { id: foreign }', tree);
    expect(load({ cwd: path.join(tree, 'deep') }).hiveId).toBe('foreign');
    expect(load({ cwd: path.join(tree, 'deep'), inspectedPath: tree }).hiveId).toBe('main-hive');
    expect(load({ cwd: tree, inspectedPath: tree }).configFile).toBeNull();
    const link = path.join(root, 'link');
    symlinkSync(tree, link);
    expect(load({ cwd: link, inspectedPath: tree }).hiveId).toBe('main-hive');
    expect(load({ cwd: tree, inspectedPath: link }).hiveId).toBe('main-hive');
    symlinkSync(path.join(tree, 'hive.config.yaml'), path.join(root, 'hive.config.yaml'));
    expect(load({ inspectedPath: tree }).hiveId).toBe('main-hive');
  });

  test('a file above it still counts, and null reads nothing', () => {
    const tree = path.join(root, 'foreign');
    mkdirSync(tree);
    writeFile('hive: { id: mine }');
    expect(load({ cwd: tree, inspectedPath: tree }).hiveId).toBe('mine');
    expect(load({ searchFrom: null }).hiveId).toBe('main-hive');
  });
});

describe('notices', () => {
  test('a variable without effect says so, a default does not', () => {
    const file = writeFile('api: { workers: 2 }');
    const { notices } = load({ env: { REDIS_URL: 'redis://r', WS_PORT: '1', API_PORT: '1' } });
    expect(notices).toEqual([
      `api.workers (${file}:1) is set but has no effect in this version.`,
      'WS_PORT is set but has no effect in this version.',
      'REDIS_URL is set but has no effect in this version.',
    ]);
  });

  test('a mistyped variable is mentioned, a foreign one is not', () => {
    expect(
      load({ env: { HIVE_TREADS: '1', HIVE_METASTORE_PORT: '1', PATHS: '1' } }).notices,
    ).toEqual(['HIVE_TREADS is not a setting; did you mean HIVE_THREADS?']);
  });
});

describe('secrets', () => {
  test('stand in no text, and are listed for the log', () => {
    const env = { POSTGRES_URL: 'postgres://u:p%40ss-word@h/d', JWT_SECRET: 'k'.repeat(32) };
    const config = load({ env });
    expect(config.postgresUrl?.reveal()).toBe(env.POSTGRES_URL);
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 9 }),
      String(config.postgresUrl),
      JSON.stringify(describeConfig(config)),
      config.notices.join(),
    ];
    for (const text of shown) expect(text).not.toMatch(/p%40ss|kkkk/);
    expect(secretTexts(config)).toEqual(
      expect.arrayContaining([env.POSTGRES_URL, 'p%40ss-word', 'p@ss-word', env.JWT_SECRET]),
    );
    expect(describeConfig(config).find(({ name }) => name === 'POSTGRES_URL')?.value).toBe(
      '[secret]',
    );
  });

  test('a secret that does not fit is not shown', () => {
    expect(problemsOf(() => load({ env: { JWT_SECRET: 'hunter2' } }))).not.toContain('hunter2');
    expect(new Secret('x').toString()).toBe('[secret]');
  });
});
