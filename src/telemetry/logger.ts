// Log lines as JSON. Every line carries time, level, hive, tenant, run, task and agent ('-' where there is none), then message, fields, error.
// Owns: the shape of a line and the level that is written. Does not own: where lines go.
// I1: run, task, agent and tenant stand on every line exactly once. I2: nothing unredacted reaches the destination.
// I3: a line below the level costs one comparison. I4: a log call never throws.

import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';
import { logLevels } from '../contract/index.ts';
import type { LogLevel, LogScope } from '../contract/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { LogDestination } from './log-destination.ts';
import { scrubText, scrubValue } from './scrub-value.ts';

/** Further facts of a line; `error` is shown with code, stack and causes. */
export interface LogFields {
  error?: unknown;
  [name: string]: unknown;
}

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Also written at once: the process may be about to end. */
  critical(message: string, fields?: LogFields): void;
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** To spare building costly fields. */
  isEnabled(level: LogLevel): boolean;
  /** A logger whose lines also carry this scope; what is not given stays as it is here. */
  with(scope: LogScope): Logger;
}

export interface LoggerOptions {
  clock: Clock;
  level: LogLevel;
  hiveId: string;
  destination: LogDestination;
  redact: (text: string) => string;
}

const ABSENT = '-';
/** pino knows levels in lower case only; the line shows the contract's. */
type PinoLevel = Lowercase<LogLevel>;
const pinoLevel = (level: LogLevel): PinoLevel => level.toLowerCase() as PinoLevel;
const pinoLevels = Object.fromEntries(
  logLevels.map((level, i) => [pinoLevel(level), (i + 2) * 10]),
) as Record<PinoLevel, number>;

type Root = PinoLogger<PinoLevel>;

export function createLogger(options: LoggerOptions): Logger {
  const root: Root = pino<PinoLevel>(
    {
      customLevels: pinoLevels,
      useOnlyCustomLevels: true,
      level: pinoLevel(options.level),
      base: { hive: options.hiveId },
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(options.clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    { write: (line) => options.destination.write(line) },
  );
  return new ScopedLogger(
    root,
    { tenant: ABSENT, run: ABSENT, task: ABSENT, agent: ABSENT },
    options,
  );
}

class ScopedLogger implements Logger {
  readonly #root: Root;
  readonly #scope: Required<LogScope>;
  readonly #options: LoggerOptions;
  readonly #least: number;
  /** Made with the first line: most tasks never log, and a child costs microseconds. */
  #child: Root | undefined;

  constructor(root: Root, scope: Required<LogScope>, options: LoggerOptions) {
    this.#root = root;
    this.#scope = scope;
    this.#options = options;
    this.#least = logLevels.indexOf(options.level);
  }

  debug(message: string, fields?: LogFields): void {
    this.log('DEBUG', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.log('INFO', message, fields);
  }
  warning(message: string, fields?: LogFields): void {
    this.log('WARNING', message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.log('ERROR', message, fields);
  }
  critical(message: string, fields?: LogFields): void {
    this.log('CRITICAL', message, fields);
    this.#options.destination.flushSync();
  }

  isEnabled(level: LogLevel): boolean {
    return logLevels.indexOf(level) >= this.#least;
  }

  with(scope: LogScope): Logger {
    const { tenant, run, task, agent } = this.#scope;
    const next = {
      tenant: scope.tenant ?? tenant,
      run: scope.run ?? run,
      task: scope.task ?? task,
      agent: scope.agent ?? agent,
    };
    return new ScopedLogger(this.#root, next, this.#options);
  }

  log(level: LogLevel, message: string, fields?: LogFields): void {
    if (!this.isEnabled(level)) return;
    const { redact } = this.#options;
    // Children come from the root with the whole scope: pino writes the bindings of a parent and a child one after the other, twice.
    this.#child ??= this.#root.child(scrubValue(this.#scope, redact) as Record<string, unknown>);
    this.#child[pinoLevel(level)](lineFields(fields, redact), scrubText(message, redact));
  }
}

function lineFields(
  fields: LogFields | undefined,
  redact: (text: string) => string,
): Record<string, unknown> {
  if (fields === undefined) return {};
  const { error, ...rest } = fields;
  const line: Record<string, unknown> = {};
  if (Object.keys(rest).length > 0) line['fields'] = scrubValue(rest, redact);
  if (error !== undefined) line['error'] = scrubValue(error, redact);
  return line;
}
