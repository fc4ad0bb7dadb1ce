/** Marks of the tree and lists, with a plain ASCII twin. Pairs differ by shape, not by colour alone. */
export interface Glyphs {
  done: string;
  failed: string;
  running: readonly string[];
  waiting: string;
  skipped: string;
  more: string;
  separator: string;
}

export const unicodeGlyphs: Glyphs = {
  done: '✓',
  failed: '✗',
  running: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  waiting: '○',
  skipped: '»',
  more: '…',
  separator: '·',
};

export const asciiGlyphs: Glyphs = {
  done: '+',
  failed: 'x',
  running: ['|', '/', '-', '\\'],
  waiting: '.',
  skipped: '>',
  more: '...',
  separator: '|',
};
