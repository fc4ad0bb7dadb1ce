// Opens the store of a directory, says so on stdout, and holds it until it is killed. Argument: the directory.

import { systemClock } from '../../src/kernel/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';

try {
  await openSqliteStore({ directory: process.argv[2] ?? '', clock: systemClock, minFreeBytes: 0 });
  process.stdout.write('held\n');
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(
    `${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`,
  );
}
