/** What one command works with: the terminal, the flags, and how it is told to stop. */
import type { EmbeddedDoor } from './hive-door.ts';
import type { Settings } from './settings.ts';
import type { Terminal, TerminalStream } from './terminal.ts';

export interface Session {
  terminal: Terminal;
  settings: Settings;
  /** Aborted by the first Ctrl+C or SIGTERM. */
  signal: AbortSignal;
  version: string;
  door: () => Promise<EmbeddedDoor>;
  /** What the command is about to do, for errors: 'Cannot <doing>'. */
  doing: string;
}

export function hasColor({ settings }: Session, stream: TerminalStream): boolean {
  return settings.color ?? stream.hasColor;
}

/** Version of the shape of documents; rises when a key changes its meaning or goes. */
const SCHEMA_VERSION = 1;

/** One document on stdout: pretty for --json, one line for --jsonl. */
export function writeJson({ terminal, settings }: Session, document: object): void {
  const value = { schemaVersion: SCHEMA_VERSION, ...document };
  terminal.out.write(`${JSON.stringify(value, null, settings.jsonl ? undefined : 2)}\n`);
}

export function writeLines({ terminal }: Session, lines: readonly string[]): void {
  if (lines.length > 0) terminal.out.write(`${lines.join('\n')}\n`);
}

/** A line for people, beside the answer. */
export function note({ terminal, settings }: Session, line: string): void {
  if (!settings.quiet) terminal.err.write(`${line}\n`);
}

export const wantsJson = ({ settings }: Session): boolean => settings.json || settings.jsonl;
