/**
 * JavaScript and TypeScript through a real parser, behind the guard that keeps hostile files away from it.
 * The parser's `experimentalRawTransfer` is four times faster and was left: 5,000 import lines abort the
 * process ("out of memory" in its fixed arena).
 */
import { parseSync } from 'oxc-parser';
import type { ParseResult } from 'oxc-parser';
import { extensionOf } from './posix-path.ts';
import { judgeNesting } from './nesting-guard.ts';

export type ParsedScript = Pick<ParseResult, 'program' | 'module' | 'errors'>;

export type ScriptReading =
  | { readonly state: 'parsed'; readonly result: ParsedScript }
  /** `data`: nothing a person wrote, not worth a word. */
  | { readonly state: 'refused'; readonly kind: 'deep' | 'data'; readonly reason: string };

const SCRIPT_EXTENSIONS = new Set(['.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx']);
/** A larger script is generated, or data; parsing it would cost a worker more than it tells. */
const MAX_SCRIPT_CHARS = 524_288;

export const isScript = (path: string): boolean => SCRIPT_EXTENSIONS.has(extensionOf(path));

/** `.d.ts` and its kin: declarations only. */
export const isDeclaration = (path: string): boolean => /\.d\.[cm]?ts$|\.d\.\w+\.ts$/.test(path);

/** Plain `.js` often holds JSX, and TypeScript syntax in Flow-less projects never; so js is read as jsx. */
export const readScript = (path: string, text: string): ScriptReading => {
  if (text.length > MAX_SCRIPT_CHARS)
    return { state: 'refused', kind: 'deep', reason: 'larger than 512 Ki characters' };
  const verdict = judgeNesting(text);
  if (!verdict.safe) return { state: 'refused', kind: verdict.kind, reason: verdict.reason };
  // Reading a part moves it out of native memory, which no garbage collection counts: 650 MB become 140.
  const { program, module, errors } = parseSync(path, text, { lang: languageOf(path) });
  return { state: 'parsed', result: { program, module, errors } };
};

const languageOf = (path: string): 'js' | 'jsx' | 'ts' | 'tsx' | 'dts' => {
  if (isDeclaration(path)) return 'dts';
  const extension = extensionOf(path);
  if (extension === '.tsx') return 'tsx';
  return extension.endsWith('ts') ? 'ts' : 'jsx';
};
