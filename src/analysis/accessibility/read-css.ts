/** Rules of a style sheet with their declarations: one linear pass, nesting followed, comments left out. */
export type CssRule = {
  readonly selector: string;
  /** The at-rules around it, outermost first. */
  readonly context: string;
  readonly line: number;
  /** The last value of each property. */
  readonly declarations: Map<string, string>;
};

const MAX_RULES = 20_000;
const MAX_VALUE_CHARS = 2_000;
const MAX_NESTING = 100;
const MAX_HEAD_CHARS = 400;

type Open = { readonly rule: CssRule; readonly isAt: boolean };

export const readCss = (text: string, firstLine = 1): CssRule[] => {
  const reader = new CssReader(text, firstLine);
  while (reader.step()) continue;
  return reader.rules;
};

class CssReader {
  readonly rules: CssRule[] = [];
  readonly #text: string;
  readonly #open: Open[] = [];
  #at = 0;
  #line: number;
  /** What was read since the last brace or semicolon, and where it began. */
  #buffer = '';
  #startLine: number;

  constructor(text: string, firstLine: number) {
    this.#text = text;
    this.#line = firstLine;
    this.#startLine = firstLine;
  }

  /** Reads one character or one comment; false at the end. */
  step(): boolean {
    const char = this.#text[this.#at];
    if (char === undefined || this.rules.length >= MAX_RULES) return false;
    if (char === '/' && this.#skipComment()) return true;
    if (char === '{') this.#openRule();
    else if (char === '}' || char === ';') this.#closeDeclaration(char);
    else this.#collect(char);
    if (char === '\n') this.#line += 1;
    this.#at += 1;
    return true;
  }

  /** `//` is a comment of SCSS and Less, but not inside `url(//…)` or `https://`. */
  #skipComment(): boolean {
    const next = this.#text[this.#at + 1];
    const isLine = next === '/' && !/[:('"]/.test(this.#text[this.#at - 1] ?? '');
    if (next !== '*' && !isLine) return false;
    const close = this.#text.indexOf(isLine ? '\n' : '*/', this.#at + 2);
    const end = close === -1 ? this.#text.length : close + (isLine ? 0 : 2);
    this.#line += this.#text.slice(this.#at, end).split('\n').length - 1;
    this.#at = end;
    return true;
  }

  #collect(char: string): void {
    if (this.#buffer === '') {
      if (char.trim() === '') return;
      this.#startLine = this.#line;
    }
    if (this.#buffer.length < MAX_VALUE_CHARS) this.#buffer += char;
  }

  #openRule(): void {
    const head = this.#buffer.trim();
    this.#buffer = '';
    if (this.#open.length >= MAX_NESTING) return;
    const outer = this.#open.at(-1);
    const isAt = head.startsWith('@');
    const context = outer?.rule.context ?? '';
    const parent = outer === undefined || outer.isAt ? '' : `${outer.rule.selector} `;
    const rule: CssRule = {
      selector: isAt ? (outer?.rule.selector ?? '') : (parent + head).slice(0, MAX_HEAD_CHARS),
      context: isAt ? `${context} ${head}`.slice(0, MAX_HEAD_CHARS) : context,
      line: this.#startLine,
      declarations: new Map(),
    };
    this.#open.push({ rule, isAt: isAt && parent === '' });
    this.rules.push(rule);
  }

  #closeDeclaration(char: string): void {
    const text = this.#buffer;
    this.#buffer = '';
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (/^[\w-]{1,100}$/.test(name)) {
      this.#open.at(-1)?.rule.declarations.set(name, text.slice(colon + 1).trim());
    }
    if (char === '}') this.#open.pop();
  }
}
