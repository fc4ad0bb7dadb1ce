/** The program `hive`. Owns the process: signals, the exit code, and that it ends. */
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { exitCodes } from './exit-codes.ts';
import { processTerminal } from './terminal.ts';

// Halves the time of a start. Inside the package: a cache in the shared folder for temporary files could be poisoned.
module.enableCompileCache(
  fileURLToPath(new URL('../../node_modules/.cache/hive', import.meta.url)),
);
const { runCommandLine } = await import('./run-command-line.ts');

/** After its answer a command has this long to let go of what it holds; then the process ends anyway. */
const LINGER_MS = 2_000;

const stop = new AbortController();
const onSignal = (): void => {
  // The user insists: what was acknowledged is durable, and a start is a recovery.
  if (stop.signal.aborted) process.exit(exitCodes.interrupted);
  stop.abort();
};
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

// Timers and sockets of a hive do not keep a process alive; a command that waits must.
const stayAlive = setInterval(() => undefined, 60_000);

const terminal = processTerminal();
process.exitCode = await runCommandLine({
  words: process.argv.slice(2),
  terminal,
  signal: stop.signal,
  door: () => import('../app/embedded.ts'),
});
clearInterval(stayAlive);
setTimeout(() => {
  process.exit();
}, LINGER_MS).unref();
