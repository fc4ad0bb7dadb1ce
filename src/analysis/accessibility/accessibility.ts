/** Accessibility of HTML, CSS and component templates, as far as text alone tells. */
import { defineAnalyser } from '../define-analyser.ts';
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import {
  isExample,
  isFixture,
  isGeneratedPath,
  isTest,
  isVendored,
  looksGenerated,
} from '../reading/path-kind.ts';
import { extensionOf } from '../reading/posix-path.ts';
import { lineFinder } from '../reading/text-lines.ts';
import { judgeCss } from './judge-css.ts';
import { judgeHtml } from './judge-html.ts';
import { RULES } from './rules.ts';

const PAGES = new Set(['.html', '.htm', '.xhtml']);
const COMPONENTS = new Set(['.vue', '.svelte']);
const SHEETS = new Set(['.css', '.scss', '.less']);

export const accessibility = defineAnalyser<never>({
  name: 'accessibility',
  version: '1',
  description: 'Text alternatives, labels, names, focus, contrast and motion in HTML and CSS.',
  rules: RULES,
  wants: (path) => {
    const extension = extensionOf(path);
    const fits = PAGES.has(extension) || COMPONENTS.has(extension) || SHEETS.has(extension);
    return (
      fits &&
      !isVendored(path) &&
      !isGeneratedPath(path) &&
      !isFixture(path) &&
      !isTest(path) &&
      !isExample(path)
    );
  },
  inspect: (file) => {
    if (looksGenerated(file.path, file.text)) return { findings: [] };
    const extension = extensionOf(file.path);
    if (SHEETS.has(extension))
      return { findings: judgeCss({ path: file.path, text: file.text, firstLine: 1 }) };
    const markup = COMPONENTS.has(extension) ? onlyTemplate(file) : file;
    return { findings: [...judgeHtml(markup), ...innerStyles(file)] };
  },
});

/** Scripts of a component hold `<` of generics; blanking keeps the lines where they are. */
const onlyTemplate = (file: SourceFile): SourceFile => ({
  ...file,
  text: replaceBlocks(file.text, 'script', (block) => block.replace(/[^\n]/g, ' ')),
});

const replaceBlocks = (text: string, name: string, replace: (block: string) => string): string => {
  const parts: string[] = [];
  let at = 0;
  for (let open = text.indexOf(`<${name}`); open !== -1; open = text.indexOf(`<${name}`, at)) {
    const close = text.indexOf(`</${name}>`, open);
    const end = close === -1 ? text.length : close;
    parts.push(text.slice(at, open), replace(text.slice(open, end)));
    at = end;
    if (close === -1) break;
    at = close + name.length + 3;
    parts.push(' '.repeat(name.length + 3));
  }
  parts.push(text.slice(at));
  return parts.join('');
};

const innerStyles = ({ path, text }: SourceFile): Finding[] => {
  const found: Finding[] = [];
  const lineAt = lineFinder(text);
  let at = 0;
  for (let open = text.indexOf('<style', at); open !== -1; open = text.indexOf('<style', at)) {
    const start = text.indexOf('>', open) + 1;
    const close = start === 0 ? -1 : text.indexOf('</style', start);
    if (close === -1) break;
    found.push(...judgeCss({ path, text: text.slice(start, close), firstLine: lineAt(start) }));
    at = close;
  }
  return found;
};
