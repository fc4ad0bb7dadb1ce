/**
 * Credentials in the tree. Nothing that this analyser reports contains a secret: a token is shown as its
 * public prefix and its length, an assignment as its name. Prefers silence to a wrong alarm.
 */
import { defineAnalyser } from '../define-analyser.ts';
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import {
  isDocumentation,
  isExample,
  isFixture,
  isGeneratedPath,
  isLockFile,
  isTest,
  isVendored,
} from '../reading/path-kind.ts';
import { baseNameOf } from '../reading/posix-path.ts';
import { lineFinder, linesOf } from '../reading/text-lines.ts';
import { KNOWN_TOKENS } from './known-tokens.ts';
import { entropyOf, isPlaceholder } from './randomness.ts';
import { RULES } from './rules.ts';
import { scanLines } from './scan-lines.ts';

const UNQUOTED =
  /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|\.npmrc|\.pypirc|\.netrc|credentials|[\w.-]*\.(?:env|ini|cfg|conf|properties|ya?ml|toml))$/i;
const SAMPLE_NAME = /(?:example|sample|template|dist|default|test|schema|mock|dummy|\.in$)/i;
const SKIPPED = /\.(?:svg|map|lock|sum|snap|csv|tsv|po|pot|xliff?|ipynb|patch|diff|license)$/i;

export const secrets = defineAnalyser<never>({
  name: 'secrets',
  version: '1',
  description: 'Tokens, keys and passwords in files; the report never shows them.',
  rules: RULES,
  wants: (path) =>
    !isVendored(path) && !isLockFile(path) && !isGeneratedPath(path) && !SKIPPED.test(path),
  inspect: (file) => {
    const tokens = knownTokens(file);
    const told = new Set(tokens.map(({ line }) => line));
    return { findings: [...tokens, ...named(file).filter(({ line }) => !told.has(line))] };
  },
});

const named = ({ path, text }: SourceFile): Finding[] => {
  const name = baseNameOf(path);
  const quiet = isQuiet(path) || SAMPLE_NAME.test(name);
  return scanLines({ path, lines: linesOf(text), quiet, unquoted: UNQUOTED.test(path) });
};

const isQuiet = (path: string): boolean =>
  isTest(path) ||
  isFixture(path) ||
  isExample(path) ||
  isDocumentation(path) ||
  /(?:^|\/)(?:bench|benchmarks?|perf)\//.test(path);

/** A drawn token of base 62 has more; `ghp_` followed by a word or a pattern has less. */
const MIN_TOKEN_ENTROPY = 3;
const CONFIDENCE_AMONG_DUMMIES = 0.5;

const knownTokens = ({ path, text }: SourceFile): Finding[] => {
  const found: Finding[] = [];
  let lineAt: ((offset: number) => number) | undefined;
  const seen = new Set<string>();
  for (const known of KNOWN_TOKENS) {
    if (!text.includes(known.anchor)) continue;
    for (const match of text.matchAll(known.pattern)) {
      const [value] = match;
      const body = value.slice(known.shown);
      if (seen.has(value) || isPlaceholder(body) || /example/i.test(value)) continue;
      if (entropyOf(body) < MIN_TOKEN_ENTROPY || (isQuiet(path) && !isLikelyReal(body))) continue;
      seen.add(value);
      lineAt ??= lineFinder(text);
      const shown = `${value.slice(0, known.shown)}…`;
      found.push(
        finding(known.rule, {
          path,
          line: lineAt(match.index),
          message: `A ${known.issuer} credential (${shown}, ${value.length} characters) is in this file.`,
          key: `${known.issuer} ${shown} ${value.length}`,
          confidence: isQuiet(path)
            ? CONFIDENCE_AMONG_DUMMIES
            : (known.confidence ?? known.rule.confidence),
        }),
      );
    }
  }
  return found;
};

/** Among tests and documents only what is as random as a drawn token counts. */
const isLikelyReal = (body: string): boolean =>
  entropyOf(body) > Math.min(4.2, Math.log2(body.length) * 0.85) && /\d/.test(body);
