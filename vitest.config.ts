import { defineConfig } from 'vitest/config';

/**
 * Processes rather than threads: tests send signals, change directories and start workers of their
 * own. Files share a process (`isolate: false`), so a test leaves nothing behind: no listener, no
 * timer, no changed global.
 */
export default defineConfig({
  test: {
    include: [
      'src/**/*.test.ts',
      'test/**/*.test.ts',
      'bench/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**', '**/.hive/**'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    allowOnly: process.env['CI'] === undefined,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing.ts', '**/fixtures/**'],
    },
  },
});
