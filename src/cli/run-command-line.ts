/**
 * One command line, from its words to its exit code.
 * I1: every error is shown once, in one format. I2: the first Ctrl+C or SIGTERM asks the command to end, the second
 * ends the process at once. I3: nothing of the product is loaded before it is needed.
 */
import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import type { EmbeddedDoor } from './hive-door.ts';
import { createProgram } from './program/program.ts';
import type { Session } from './session.ts';
import { settingsFrom } from './settings.ts';
import type { RawOptions } from './settings.ts';
import type { Terminal } from './terminal.ts';
import { packageVersion } from './version.ts';

export interface CommandLine {
  /** Without the program's name. */
  words: readonly string[];
  terminal: Terminal;
  /** Aborted by the first interrupt. */
  signal: AbortSignal;
  door: () => Promise<EmbeddedDoor>;
}

export async function runCommandLine(commandLine: CommandLine): Promise<ExitCode> {
  const { words, terminal, signal, door } = commandLine;
  const version = packageVersion();
  let exitCode: ExitCode = exitCodes.ok;
  const program = createProgram({
    version,
    write: {
      out: (text) => {
        terminal.out.write(text);
      },
      err: (text) => {
        terminal.err.write(text);
      },
    },
    run: async ({ doing, globals, work }) => {
      const session: Session = {
        terminal,
        settings: settingsFrom(globals),
        signal,
        version,
        door,
        doing,
      };
      try {
        exitCode = await work(session);
      } catch (thrown) {
        exitCode = await report(session, thrown);
      }
    },
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return exitCodes.ok;
    // `hive` and `hive run` alone: commander wanted to print its help as an error.
    if (thrown.code === 'commander.help') {
      terminal.err.write(helpFor(program, words));
      return exitCodes.usage;
    }
    const doing = 'understand the command line';
    const globals = program.opts<RawOptions>();
    const session: Session = {
      terminal,
      settings: settingsFrom(globals),
      signal,
      version,
      door,
      doing,
    };
    return report(session, thrown, namedCommand(program, words));
  }
  return exitCode;
}

function helpFor(program: ReturnType<typeof createProgram>, words: readonly string[]): string {
  const named = program.commands.find((command) => words.includes(command.name()));
  return (named ?? program).helpInformation();
}

/** The deepest command that the words name: `run start` of `run start --strategy x`. */
function namedCommand(program: Command, words: readonly string[]): string {
  const names: string[] = [];
  let at = program;
  for (const word of words) {
    const next = at.commands.find((command) => command.name() === word);
    if (next === undefined) continue; // an option before the command, or its value
    names.push(word);
    at = next;
  }
  return names.join(' ');
}

async function report(session: Session, thrown: unknown, command = ''): Promise<ExitCode> {
  const { hiveError, toHiveError } = await import('../contract/index.ts');
  const { reportError } = await import('./report-error.ts');
  if (thrown instanceof CommanderError) {
    const message = thrown.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    const details = command === '' ? {} : { fix: [`see: hive ${command} --help`] };
    return reportError(session, hiveError('USAGE', { message, cause: thrown, details }));
  }
  return reportError(session, toHiveError(thrown));
}
