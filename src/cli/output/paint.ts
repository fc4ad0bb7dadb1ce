/** Colours by tone. Without colour everything still reads: state is always a word or a mark too. */
import type { Tone } from '../../contract/index.ts';

export interface Paint {
  tone(tone: Tone, text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

const codes: Readonly<Record<Tone, string>> = {
  neutral: '90',
  info: '36',
  active: '94',
  violet: '35',
  magenta: '95',
  success: '32',
  warning: '33',
  danger: '31',
};

const plain: Paint = { tone: (_, text) => text, dim: (text) => text, bold: (text) => text };

const wrap = (code: string, text: string): string => `\u001b[${code}m${text}\u001b[0m`;
const coloured: Paint = {
  tone: (tone, text) => wrap(codes[tone], text),
  dim: (text) => wrap('2', text),
  bold: (text) => wrap('1', text),
};

export const paintFor = (hasColor: boolean): Paint => (hasColor ? coloured : plain);
