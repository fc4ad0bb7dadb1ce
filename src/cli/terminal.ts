/** The terminal as commands see it: two streams and what they can do. Tests give another one. */
import { styleText } from 'node:util';

export interface TerminalStream {
  write(text: string): void;
  isTerminal: boolean;
  /** Colour as NO_COLOR, FORCE_COLOR and the terminal itself would have it. */
  hasColor: boolean;
  columns(): number;
  rows(): number;
}

export interface Terminal {
  /** The answer. */
  out: TerminalStream;
  /** Everything else. */
  err: TerminalStream;
  isInputTerminal: boolean;
}

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

export function processTerminal(): Terminal {
  return {
    out: streamOf(process.stdout),
    err: streamOf(process.stderr),
    isInputTerminal: process.stdin.isTTY,
  };
}

function streamOf(stream: NodeJS.WriteStream): TerminalStream {
  // A reader that went away (`hive run list | head -1`) ends the writing, not the command.
  let isGone = false;
  stream.on('error', () => {
    isGone = true;
  });
  return {
    write: (text) => {
      if (!isGone) stream.write(text);
    },
    isTerminal: stream.isTTY,
    // Node itself reads the variables: only config may.
    hasColor: styleText('red', 'x', { stream, validateStream: true }) !== 'x',
    columns: () => (stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS),
    rows: () => (stream.rows > 0 ? stream.rows : DEFAULT_ROWS),
  };
}
