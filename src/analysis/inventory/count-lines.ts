/** Lines of code, comment and blank, roughly: by how a line starts, block comments followed. */
import type { CommentStyle } from './languages.ts';

export type LineCounts = {
  readonly code: number;
  readonly comment: number;
  readonly blank: number;
};

const LINE_COMMENT: Readonly<Record<CommentStyle, RegExp | undefined>> = {
  slash: /^\/\//,
  hash: /^#/,
  dash: /^--/,
  percent: /^%/,
  semicolon: /^;/,
  markup: undefined,
  none: undefined,
};
const BLOCK: Readonly<Record<CommentStyle, readonly [string, string] | undefined>> = {
  slash: ['/*', '*/'],
  hash: undefined,
  dash: undefined,
  percent: undefined,
  semicolon: undefined,
  markup: ['<!--', '-->'],
  none: undefined,
};

export const countLines = (lines: readonly string[], comments: CommentStyle): LineCounts => {
  const single = LINE_COMMENT[comments];
  const block = BLOCK[comments];
  let [code, comment, blank] = [0, 0, 0];
  let open = false;
  for (const raw of lines) {
    const line = raw.trim();
    if (line === '') blank += 1;
    else if (open) {
      comment += 1;
      open = block !== undefined && !line.includes(block[1]);
    } else if (single?.test(line) === true) comment += 1;
    else if (block !== undefined && line.startsWith(block[0])) {
      comment += 1;
      open = !line.slice(block[0].length).includes(block[1]);
    } else code += 1;
  }
  return { code, comment, blank };
};
