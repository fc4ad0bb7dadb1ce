/**
 * Decides whether a script is safe to hand to the native parser. The parser is recursive and lives in this
 * process: 3,000 nested brackets end a 4 MB thread stack with SIGSEGV, 10,000 open `<` take six gigabytes,
 * and every syntax error copies its whole line. No written program comes near; a planted file does. Walls:
 *
 * 1. line lengths that bound what errors can copy;
 * 2. totals that bound depth whatever the text means: with them a 256 MB stack cannot overflow;
 * 3. a lexer that follows brackets, strings, templates, comments and regular expressions and refuses what
 *    would be too deep for a 4 MB stack. It can be fooled on purpose, hence the second wall.
 */

/** Too short to nest dangerously, whatever it holds: 2,500 levels fit in 4 MB. */
const HARMLESS_CHARS = 2_000;
/** Sum of squared line lengths: errors times the line that each of them copies (measured: 65 MB at most). */
const MAX_LINE_SQUARES = 100_000_000;
/** Measured: 3.7 KB of stack for the worst construct, so 60,000 levels fit in 256 MB. */
const MAX_RISKY_WEIGHT = 60_000;
/** Member access, binary operators and labels need a quarter of that. */
const LIGHT_WEIGHT = 0.25;
/** Memory of unclosed `<` grows quadratically: 4,000 of them cost about one gigabyte. */
const MAX_LESS_THAN = 4_000;
/** Deepest bracket nesting accepted; written code stays below 60, generated code below 300. */
const MAX_BRACKET_DEPTH = 400;
/** Operators that nest to the right, between two separators of the same bracket level. */
const MAX_CHAIN = 1_500;
/** Links of a chain (`a.b.c`, labels, tagged templates); 10,000 fit in 4 MB. */
const MAX_LINKS = 8_000;

/** Unicode escapes in names are legal and rare. */
const MAX_STRAY = 500;

export type NestingVerdict =
  | { readonly safe: true }
  /** `data`: lines as long as only data or minified code has. */
  | { readonly safe: false; readonly kind: 'deep' | 'data'; readonly reason: string };

const SAFE: NestingVerdict = { safe: true };
const refuse = (reason: string): NestingVerdict => ({ safe: false, kind: 'deep', reason });

export const judgeNesting = (text: string): NestingVerdict => {
  if (text.length <= HARMLESS_CHARS) return SAFE;
  if (lineSquares(text) > MAX_LINE_SQUARES) {
    return { safe: false, kind: 'data', reason: 'lines too long to be written by hand' };
  }
  const totals = weigh(text);
  if (totals.lessThan > MAX_LESS_THAN) return refuse(`more than ${MAX_LESS_THAN} "<" signs`);
  if (totals.risky > MAX_RISKY_WEIGHT) return refuse('too many nested constructs to parse safely');
  return new NestingLexer(text).judge();
};

const lineSquares = (text: string): number => {
  let sum = 0;
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', start)) {
    sum += (at - start) ** 2;
    start = at + 1;
  }
  return sum + (text.length - start) ** 2;
};

const HEAVY = new Set('([{<=?!~@');
const LIGHT = new Set('+-*&|.:`');

const weigh = (text: string): { risky: number; lessThan: number } => {
  let risky = 0;
  let lessThan = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '<' && text[at + 1] !== '/') lessThan += 1;
    if (HEAVY.has(char)) risky += 1;
    else if (LIGHT.has(char)) risky += LIGHT_WEIGHT;
  }
  return { risky: risky + (text.match(PREFIX_WORD)?.length ?? 0), lessThan };
};

const PREFIXES =
  'new typeof void delete await yield keyof readonly infer unique else if while for do with extends as satisfies async return case';
const PREFIX_WORDS = new Set(PREFIXES.split(' '));
const PREFIX_WORD = new RegExp(`\\b(?:${PREFIXES.replaceAll(' ', '|')})\\b`, 'g');
/** After these a slash starts a regular expression. */
const BEFORE_REGEX = new Set('(,=:[!&|?{};+-*%<>~^');
const WORDS_BEFORE_REGEX = new Set(
  'return typeof case in of void delete do else await yield'.split(' '),
);
const WORD = /[\w$]+/y;

type Level = { chain: number; links: number; readonly template: boolean };

class NestingLexer {
  readonly #text: string;
  /** One entry per open bracket; `template` marks a `${` whose `}` returns to template text. */
  readonly #levels: Level[] = [{ chain: 0, links: 0, template: false }];
  #at = 0;
  #last = '';
  /** Backslashes outside strings: each is a syntax error that the parser describes at length. */
  #stray = 0;

  constructor(text: string) {
    this.#text = text;
  }

  judge(): NestingVerdict {
    while (this.#at < this.#text.length) {
      this.#step(this.#text[this.#at] ?? '');
      if (this.#levels.length > MAX_BRACKET_DEPTH) return refuse('brackets nested too deeply');
      if (this.#stray > MAX_STRAY) return refuse('text that is not a script');
      const level = this.#levels.at(-1);
      if (level !== undefined && (level.chain > MAX_CHAIN || level.links > MAX_LINKS)) {
        return refuse('an expression nested too deeply');
      }
    }
    return SAFE;
  }

  #step(char: string): void {
    if (char <= ' ') this.#at += 1;
    else if (char === '/') this.#slash();
    else if (char === '"' || char === "'") this.#string(char);
    else if (char === '`') this.#template(this.#at + 1);
    else if (char === '(' || char === '[' || char === '{') this.#open(false);
    else if (char === ')' || char === ']' || char === '}') this.#close();
    else if (/[\w$]/.test(char)) this.#word();
    else this.#sign(char);
  }

  #advance(to: number, last: string): void {
    this.#at = to;
    this.#last = last;
  }

  #open(template: boolean): void {
    this.#bump();
    this.#levels.push({ chain: 0, links: 0, template });
    this.#advance(this.#at + 1, '(');
  }

  #close(): void {
    const closed = this.#levels.length > 1 ? this.#levels.pop() : undefined;
    if (closed?.template === true) this.#template(this.#at + 1);
    else this.#advance(this.#at + 1, ')');
  }

  #bump(): void {
    const level = this.#levels.at(-1);
    if (level !== undefined) level.chain += 1;
  }

  #sign(char: string): void {
    const level = this.#levels.at(-1);
    if (level !== undefined) {
      if (char === ';' || char === ',') {
        level.chain = 0;
        level.links = 0;
      } else if (char === '\\') this.#stray += 1;
      else if (char === '.' || char === ':') level.links += 1;
      else if (HEAVY.has(char) || LIGHT.has(char)) level.chain += 1;
    }
    this.#advance(this.#at + 1, char);
  }

  #word(): void {
    WORD.lastIndex = this.#at;
    const word = WORD.exec(this.#text)?.[0] ?? ' ';
    if (PREFIX_WORDS.has(word)) this.#bump();
    this.#advance(this.#at + word.length, WORDS_BEFORE_REGEX.has(word) ? '(' : 'a');
  }

  #string(quote: string): void {
    let at = this.#at + 1;
    while (at < this.#text.length) {
      const char = this.#text[at];
      if (char === '\\') at += 1;
      else if (char === quote || char === '\n') break;
      at += 1;
    }
    this.#advance(at + 1, 'a');
  }

  #template(from: number): void {
    const level = this.#levels.at(-1);
    if (level !== undefined) level.links += 1;
    let at = from;
    while (at < this.#text.length) {
      const char = this.#text[at];
      if (char === '\\') at += 1;
      else if (char === '`') break;
      else if (char === '$' && this.#text[at + 1] === '{') {
        this.#at = at + 1;
        this.#open(true);
        return;
      }
      at += 1;
    }
    this.#advance(at + 1, 'a');
  }

  #slash(): void {
    const next = this.#text[this.#at + 1];
    if (next === '/' || next === '*') {
      const close = this.#text.indexOf(next === '/' ? '\n' : '*/', this.#at + 2);
      this.#at = close === -1 ? this.#text.length : close + (next === '/' ? 1 : 2);
      return;
    }
    const end = BEFORE_REGEX.has(this.#last) || this.#last === '' ? this.#regexEnd() : -1;
    this.#advance(end === -1 ? this.#at + 1 : end, end === -1 ? '/' : 'a');
  }

  #regexEnd(): number {
    let inClass = false;
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const char = this.#text[at];
      if (char === '\n') return -1;
      if (char === '\\') at += 1;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) return at + 1;
    }
    return -1;
  }
}
