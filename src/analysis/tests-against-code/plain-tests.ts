/** Tests of Python, Go, Rust, Java, Kotlin and Ruby by their conventions, line by line. */
import type { SourceFile } from '../analyser.ts';
import type { Finding, Rule } from '../finding.ts';
import { finding } from '../finding.ts';
import { extensionOf } from '../reading/posix-path.ts';
import { linesOf } from '../reading/text-lines.ts';
import { EMPTY, FOCUSED, NO_ASSERTION, SKIPPED } from './rules.ts';

type Report = (rule: Rule, place: { line: number; name: string }) => void;

/** A test longer than this is data; its tail is not needed to see that it asserts. */
const MAX_BODY_LINES = 200;

export const inspectPlainTests = ({ path, text }: SourceFile): Finding[] => {
  const found: Finding[] = [];
  const report: Report = (rule, { line, name }) => {
    const message = `${name}: ${rule.title.toLowerCase()}.`;
    found.push(finding(rule, { path, line, message, key: name }));
  };
  const lines = linesOf(text);
  const extension = extensionOf(path);
  if (extension === '.py') pythonTests(lines, report);
  else if (extension === '.go') goTests(lines, report);
  else if (extension === '.rs') rustTests(lines, report);
  else if (extension === '.java' || extension === '.kt') javaTests(lines, report);
  else if (extension === '.rb') rubyTests(lines, report);
  return found;
};

const indentOf = (line: string): number => line.length - line.trimStart().length;
const isCode = (line: string, comment: RegExp): boolean =>
  line.trim() !== '' && !comment.test(line.trim());

const indentedBody = (lines: readonly string[], at: number): string[] => {
  const indent = indentOf(lines[at] ?? '');
  const body: string[] = [];
  let opened = /:\s*(?:#.*)?$/.test(lines[at] ?? '');
  for (const line of lines.slice(at + 1, at + MAX_BODY_LINES)) {
    if (!opened) {
      opened = /:\s*(?:#.*)?$/.test(line);
      continue;
    }
    if (line.trim() !== '' && indentOf(line) <= indent) break;
    body.push(line);
  }
  return body;
};

const PYTHON_ASSERTS =
  /\bassert|\braise|\.fail\(|\bfail\(|expect|should|check|verify|ensure|snapshot|raises|warns|\bwith\b|compare|match|test_|_test|validate|return\b|yield\b|\.run\(|self\.\w+\(|doctest|sys\.exit/i;

const pythonTests = (lines: readonly string[], report: Report): void => {
  lines.forEach((line, at) => {
    const skip = /^\s*@(?:pytest\.mark\.skip|unittest\.skip|skip)\b(?:\(\s*\))?\s*(?:#.*)?$/.test(
      line,
    );
    if (skip) report(SKIPPED, { line: at + 1, name: nextName(lines, at, /(?:def|class)\s+(\w+)/) });
    const test = /^\s*(?:async\s+)?def\s+(test_\w+)\s*\(/.exec(line);
    if (test === null) return;
    const place = { line: at + 1, name: test[1] ?? '' };
    const body = withoutDocstring(indentedBody(lines, at).filter((each) => isCode(each, /^#/)));
    const inline = /:\s*(?:pass|\.\.\.)\s*$/.test(line);
    if (
      inline ||
      (body.length > 0 && body.every((each) => /^\s*(?:pass|\.\.\.)\s*(?:#.*)?$/.test(each)))
    ) {
      if (!/overrid|abstract|inherit/i.test(lines.slice(Math.max(0, at - 3), at + 4).join(' ')))
        report(EMPTY, place);
    } else if (
      endsUnchecked(body) &&
      !body.some((each) => PYTHON_ASSERTS.test(each)) &&
      !isDecorated(lines, at)
    ) {
      report(NO_ASSERTION, place);
    }
  });
};

/** The last line binds or prints a value that nothing looks at. */
const endsUnchecked = (body: readonly string[]): boolean =>
  /^\s*(?:[A-Za-z_]\w*(?:\s*,\s*\w+)*\s*=[^=]|print\()/.test(body.at(-1) ?? '');

const withoutDocstring = (body: readonly string[]): string[] => {
  const first = body[0]?.trim() ?? '';
  const quote = /^[rbuf]?("""|''')/i.exec(first)?.[1];
  if (quote === undefined) return /^(?:"[^"]*"|'[^']*')$/.test(first) ? body.slice(1) : [...body];
  if (first.length > 5 && first.endsWith(quote)) return body.slice(1);
  const end = body.findIndex((line, index) => index > 0 && line.includes(quote));
  return end === -1 ? [] : body.slice(end + 1);
};

const isDecorated = (lines: readonly string[], at: number): boolean =>
  /^\s*@/.test(lines[at - 1] ?? '') || /benchmark|capsys/.test(lines[at] ?? '');

const bracedBody = (lines: readonly string[], at: number): string[] => {
  const body: string[] = [];
  let depth = 0;
  let opened = false;
  for (const line of lines.slice(at, at + MAX_BODY_LINES)) {
    for (const char of line) {
      if (char === '{') {
        depth += 1;
        opened = true;
      } else if (char === '}') depth -= 1;
    }
    body.push(line);
    if (opened && depth <= 0) break;
  }
  const [first = '', ...rest] = body;
  const inner = [first.slice(first.indexOf('{') + 1), ...rest];
  const last = inner.length - 1;
  inner[last] = (inner[last] ?? '').replace(/\}[^}]*$/, '');
  return inner.filter((line) => isCode(line, /^(?:\/\/|\/\*|\*)/));
};

const goTests = (lines: readonly string[], report: Report): void => {
  lines.forEach((line, at) => {
    const test = /^func (Test[A-Z_]\w*)\((\w+) \*testing\.T\)\s*\{/.exec(line);
    if (test === null || test[1] === 'TestMain') return;
    const place = { line: at + 1, name: test[1] ?? '' };
    const handle = test[2] ?? 't';
    const body = bracedBody(lines, at);
    const skip = new RegExp(`^\\s*${handle}\\.(?:Skip\\(\\s*\\)|SkipNow\\(\\s*\\))`).test(
      body[0] ?? '',
    );
    if (body.length === 0) report(EMPTY, place);
    else if (skip) report(SKIPPED, place);
    else if (
      handle === '_' ||
      !body.some((each) =>
        new RegExp(`\\b${handle}\\b|panic\\(|log\\.Fatal|Example|Expect|assert`, 'i').test(each),
      )
    ) {
      report(NO_ASSERTION, place);
    }
  });
};

const rustTests = (lines: readonly string[], report: Report): void => {
  lines.forEach((line, at) => {
    if (/^\s*#\[ignore\]\s*$/.test(line)) {
      report(SKIPPED, { line: at + 1, name: nextName(lines, at, /fn\s+(\w+)/) });
    }
    if (!/^\s*#\[(?:tokio::|async_std::|test_log::)?test\]/.test(line)) return;
    const offset = lines.slice(at, at + 8).findIndex((each) => /\bfn\s+\w+/.test(each));
    if (offset === -1) return;
    const attributes = lines.slice(Math.max(0, at - 3), at + offset).join(' ');
    const header = lines[at + offset] ?? '';
    const name = /fn\s+(\w+)/.exec(header)?.[1] ?? '';
    const place = { line: at + offset + 1, name };
    const body = bracedBody(lines, at + offset);
    if (/should_panic|ignore|compile_fail/.test(attributes)) return;
    if (body.length === 0) report(EMPTY, place);
    else if (
      !body.some((each) =>
        /assert|unwrap|expect|panic|\?|check|verify|\w*test\w*[(!]|ensure|unreachable|\w+!\(|::<|let _|impl|fn /i.test(
          each,
        ),
      )
    ) {
      report(NO_ASSERTION, place);
    }
  });
};

const javaTests = (lines: readonly string[], report: Report): void => {
  lines.forEach((line, at) => {
    if (/^\s*@(?:Disabled|Ignore)\s*(?:\(\s*\))?\s*(?:\/\/.*)?$/.test(line)) {
      report(SKIPPED, { line: at + 1, name: nextName(lines, at, /(?:void|fun|class)\s+(\w+)/) });
    }
    if (!/^\s*@Test\b/.test(line)) return;
    const offset = lines.slice(at, at + 8).findIndex((each) => /(?:void|fun)\s+[\w`]/.test(each));
    if (offset === -1) return;
    const name = /(?:void|fun)\s+(\w+|`[^`]+`)/.exec(lines[at + offset] ?? '')?.[1] ?? '';
    const attributes = lines.slice(at, at + offset + 1).join(' ');
    if (/expected|Disabled|Ignore/.test(attributes) || !bracedStart(lines, at + offset)) return;
    if (bracedBody(lines, at + offset).length === 0) report(EMPTY, { line: at + offset + 1, name });
  });
};

const bracedStart = (lines: readonly string[], at: number): boolean =>
  (lines[at] ?? '').includes('{') && !/=\s*\w+.*\{/.test(lines[at] ?? '');

const rubyTests = (lines: readonly string[], report: Report): void => {
  lines.forEach((line, at) => {
    const name = /["']([^"']{1,200})["']/.exec(line)?.[1] ?? `line ${at + 1}`;
    if (
      /^\s*(?:fit|fdescribe|fcontext)\b[\s(]|^\s*(?:it|describe|context)\b.*(?:\bfocus:\s*true|,\s*:focus\b)/.test(
        line,
      )
    ) {
      report(FOCUSED, { line: at + 1, name });
    } else if (/^\s*(?:xit|xdescribe|xcontext)\b[\s(]/.test(line)) {
      report(SKIPPED, { line: at + 1, name });
    } else if (/^\s*it\b.*\bdo\s*$/.test(line) && /^\s*end\s*$/.test(lines[at + 1] ?? '')) {
      report(EMPTY, { line: at + 1, name });
    }
  });
};

const nextName = (lines: readonly string[], at: number, pattern: RegExp): string => {
  for (const line of lines.slice(at, at + 8)) {
    const match = pattern.exec(line);
    if (match?.[1] !== undefined) return match[1];
  }
  return `line ${at + 1}`;
};
