/**
 * What every analyser says, in one shape. A rule carries the words that do not change (why it matters,
 * what to do); a finding is one place where it was broken.
 */
import { createHash } from 'node:crypto';
import { redactText } from './redact-text.ts';

export type Severity = 'error' | 'warning' | 'note';

export type Rule = {
  /** `analyser/name`; stable, because fingerprints and suppressions are keyed by it. */
  readonly id: string;
  readonly severity: Severity;
  /** 0..1: how often a finding of this rule is worth an engineer's time. */
  readonly confidence: number;
  readonly title: string;
  readonly why: string;
  readonly fix: string;
};

export type Finding = {
  readonly rule: string;
  readonly analyser: string;
  readonly severity: Severity;
  readonly confidence: number;
  /** Posix path relative to the inspected root; `.` for the repository as a whole. */
  readonly path: string;
  /** 1-based; 0 when the finding is about the whole file. */
  readonly line: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  /** Stable over moves inside the file: rule, path and normalised content, never the line. */
  readonly fingerprint: string;
  readonly evidence?: string;
};

export type Spot = {
  readonly path: string;
  readonly line: number;
  readonly message: string;
  /** What identifies the finding inside its file (a function name, a link target). Default: the message. */
  readonly key?: string;
  readonly column?: number;
  readonly endLine?: number;
  readonly evidence?: string;
  readonly severity?: Severity;
  readonly confidence?: number;
};

/** A report line must fit on a screen; hostile names must not fill a shard's megabyte. */
const MAX_MESSAGE_CHARS = 300;
const MAX_EVIDENCE_CHARS = 200;

/** Builds a finding; message and evidence pass through redaction, so no analyser can leak a secret. */
export const finding = (rule: Rule, spot: Spot): Finding => ({
  rule: rule.id,
  analyser: rule.id.slice(0, rule.id.indexOf('/')),
  severity: spot.severity ?? rule.severity,
  confidence: spot.confidence ?? rule.confidence,
  path: spot.path,
  line: spot.line,
  ...(spot.column === undefined ? {} : { column: spot.column }),
  ...(spot.endLine === undefined ? {} : { endLine: spot.endLine }),
  message: shorten(redactText(spot.message), MAX_MESSAGE_CHARS),
  why: rule.why,
  fix: rule.fix,
  fingerprint: fingerprintOf([rule.id, spot.path, normalise(spot.key ?? spot.message)]),
  ...(spot.evidence === undefined
    ? {}
    : { evidence: shorten(redactText(spot.evidence), MAX_EVIDENCE_CHARS) }),
});

const fingerprintOf = (parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 24);

const normalise = (content: string): string => content.trim().replace(/\s+/g, ' ');

const shorten = (content: string, maxChars: number): string => {
  const oneLine = content
    .slice(0, maxChars * 4)
    .replace(/\s+/g, ' ')
    .trim();
  return oneLine.length <= maxChars ? oneLine : `${oneLine.slice(0, maxChars - 1).toWellFormed()}…`;
};
