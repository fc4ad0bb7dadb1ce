/** What the files of commands share: how a command's words become a call of its code. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { parseDuration } from '../settings.ts';
import type { RawOptions } from '../settings.ts';

export interface Given {
  /** Arguments in their order. */
  values: readonly (string | undefined)[];
  local: RawOptions;
}
export type Work = (session: Session, given: Given) => Promise<ExitCode> | ExitCode;
export type ActionHandler = (...args: unknown[]) => Promise<void>;
/** `doing` completes the sentence 'Cannot …'. */
export type Action = (doing: string, work: Work) => ActionHandler;
export type ById = (session: Session, given: { id: string }) => Promise<ExitCode>;

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;
export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;

/** The object without what was not given: a missing option must not override a default. */
export function given<Fields extends object>(
  fields: Fields,
): { [K in keyof Fields]?: Exclude<Fields[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof Fields]?: Exclude<Fields[K], undefined> };
}

/** An option's value as milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) {
    throw new InvalidArgumentError('Use a time such as 90, 30s, 5m, 2h or 30d.');
  }
  return ms;
}

/** An option's value as a whole number that is not negative. */
export function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Use a whole number.');
  return Number(text);
}

/** a,b or a, b: names without the empty ones. */
export const names = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

export const withPage = (command: Command): Command =>
  command
    .option('--limit <n>', 'how many', (text) => Number(text))
    .option('--cursor <cursor>', 'go on after the page before');

export const withState = (command: Command): Command =>
  withPage(command).option('--state <state>', 'only those in this state');

/** Checked against the operation's schema by whoever answers. */
export const pageOf = ({ limit, cursor, state }: RawOptions): object =>
  given({ limit, cursor, state });

/** How a command that starts work waits for its end. */
export const withWaiting = (command: Command): Command =>
  command
    .option('--wait <time>', 'wait for its end without progress, at most this long', duration)
    .addOption(
      new Option(
        '--detach',
        'print its id and end at once; it is worked on while a hive runs',
      ).conflicts('wait'),
    );
