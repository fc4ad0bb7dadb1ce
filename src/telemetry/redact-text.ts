// Secrets in free text. Owns: the registered values and the patterns. Does not own: secrets by the name of a field (scrub-value.ts).
// I1: a registered value never leaves in text, wherever it stands, also inside a stack trace. I2: every pattern runs in linear time.
// I3: better a masked word too many than a secret in a log, but a mask never swallows more than its own word.

export const REDACTED = '[redacted]';

/** Shorter values would blank out ordinary words; they are still masked by field name and by pattern. */
const MIN_SECRET_LENGTH = 6;
/** Registered values; a hive has some dozens. More would make every line slow. */
const MAX_SECRETS = 1_000;

/** Parts of field and variable names that carry a secret, compared without case and separators. */
const secretParts = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'apikey',
  'accesskey',
  'privatekey',
  'signingkey',
  'encryptionkey',
  'authorization',
  'cookie',
  'credential',
  'bearer',
  'mfacode',
  'recoverycode',
  'connectionstring',
];
/** Too short to look for inside other words: they must be a word of the name by themselves. */
const secretWords = ['pwd', 'otp', 'jwt', 'dsn', 'token', 'pass'];
/** `inputTokens` and `token_usage` count tokens of a model; `refreshTokens` holds them. */
const secretTokens = /(?:access|refresh|id|auth|api|csrf|session|device|bearer)tokens$/;

const knownNames = new Map<string, boolean>();
const MAX_KNOWN_NAMES = 2_000; // field names come from code, so a few hundred; the bound holds for data that becomes names

/** Whether a field of this name holds a secret, in any writing: apiKey, API_KEY, x-api-key. */
export function isSecretName(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const plain = words.join('');
  const isCount = /^(?:token|tokens)(?:usage|count|limit|s)?$/.test(plain) && plain !== 'token';
  const isSecret =
    !isCount &&
    (secretTokens.test(plain) ||
      secretParts.some((part) => plain.includes(part)) ||
      secretWords.some((word) => words.includes(word)));
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(name, isSecret);
  return isSecret;
}

interface Pattern {
  find: RegExp;
  put: string;
}

const patterns: readonly Pattern[] = [
  // scheme://user:password@host
  {
    find: /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:)[^\s@/]{1,500}@/gi,
    put: `$1${REDACTED}@`,
  },
  // Authorization headers, and a bearer token by itself
  {
    find: /(authorization["']?\s{0,3}[:=]\s{0,3}["']?)(?:[A-Za-z]{1,20} {1,3})?[^\s"',;]{1,4096}/gi,
    put: `$1${REDACTED}`,
  },
  { find: /\b(Bearer)\s{1,3}[A-Za-z0-9._~+/=-]{16,4096}/g, put: `$1 ${REDACTED}` },
  // JSON Web Tokens
  {
    find: /\beyJ[A-Za-z0-9_-]{5,4096}\.[A-Za-z0-9_-]{5,8192}\.[A-Za-z0-9_-]{0,2048}/g,
    put: REDACTED,
  },
  // password=…, api_key: "…", TOKEN=…
  {
    find: /((?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s{0,3}[=:]\s{0,3}["']?)[^\s"',;&})]{3,4096}/gi,
    put: `$1${REDACTED}`,
  },
  // Keys of well-known vendors
  {
    find: /\b(?:sk-|ghp_|gho_|ghs_|github_pat_|glpat-|xox[abprs]-|AKIA|AIza|npm_)[A-Za-z0-9_-]{12,256}/g,
    put: REDACTED,
  },
  // PEM blocks
  { find: /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,16384}/g, put: REDACTED },
];

/** Cheap test that most texts fail: only then the patterns run. */
const mayHoldSecret =
  /:\/\/|authorization|bearer|eyJ|passw|passphrase|secret|token|key|sk-|gh[pos]_|github_pat|glpat|xox|AKIA|AIza|npm_/i;

export class Redactor {
  #values: string[] = [];

  /** From now on this text never appears in a line. Texts under 6 characters are ignored. */
  registerSecret(text: string): void {
    const trimmed = text.trim();
    if (trimmed.length < MIN_SECRET_LENGTH || this.#values.includes(trimmed)) return;
    const values = [trimmed, ...this.#values].slice(0, MAX_SECRETS);
    // The longest first: a secret that contains another one is replaced whole.
    this.#values = values.toSorted((a, b) => b.length - a.length);
  }

  /** The text without secrets. */
  redact(text: string): string {
    let clean = text;
    for (const value of this.#values) {
      if (clean.includes(value)) clean = clean.replaceAll(value, REDACTED);
    }
    if (!mayHoldSecret.test(clean)) return clean;
    for (const { find, put } of patterns) clean = clean.replace(find, put);
    return clean;
  }
}
