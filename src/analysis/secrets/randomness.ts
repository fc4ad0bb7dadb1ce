/** Tells a random credential from words, placeholders, sequences and other things that only look like one. */

/** Shannon entropy in bits per character. */
export const entropyOf = (text: string): number => {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
};

const PLACEHOLDER =
  /example|sample|dummy|placeholder|change[-_ ]?(?:me|this|it)|your|replace|x{4,}|\btodo\b|fake|redacted|insert|enter|<[^>]*>|\$\{|\$\(|\{\{|%[sd(]|\.{3}|\*{3}|…|test[-_]?(?:key|token|secret|pass)|secret[-_]?key|my[-_]?(?:secret|token|key|pass)|not[-_]?(?:a|real|so)|foo|bar(?![a-z])|lorem|mock|default|deadbeef|0123456|1234567|abcdef|qwerty|password|2YotnFZFEjr1zCsicMWpAA|tGzv3JOkFKYlZ|ad180jjd733klru7|jjd999tj88uiths3/i;
const REFERENCE =
  /process\.env|os\.environ|getenv|import\.meta|\bENV\[|secrets?\.|vault[:.]|ssm:|arn:|config\.|settings\.|var\.|data\.|\$[A-Z_]{2,}|^env:/i;

export const isPlaceholder = (value: string): boolean =>
  PLACEHOLDER.test(value) ||
  hasRun(value, 5) ||
  new Set(value).size < Math.min(8, value.length / 2);

export const isReference = (value: string): boolean => REFERENCE.test(value);

/** A run of equal or consecutive characters (`aaaaa`, `12345`, `edcba`) is typed, not drawn. */
const hasRun = (value: string, length: number): boolean => {
  let same = 1;
  let up = 1;
  let down = 1;
  for (let at = 1; at < value.length; at += 1) {
    const step = value.charCodeAt(at) - value.charCodeAt(at - 1);
    same = step === 0 ? same + 1 : 1;
    up = step === 1 ? up + 1 : 1;
    down = step === -1 ? down + 1 : 1;
    if (same >= length || up >= length || down >= length) return true;
  }
  return false;
};

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const HASH_PREFIX = /^(?:sha\d{1,3}|md5|\$2[aby]\$|\$argon2|pbkdf2|scrypt|bcrypt)[-:$]/i;
/**
 * Whether a value could have been drawn by a machine: long enough, mixed enough, and not an identifier, a
 * path, a UUID, a hash with its algorithm in front, or a sentence.
 */
export const looksRandom = (value: string): boolean => {
  if (value.length < 16 || value.length > 512) return false;
  if (/\s/.test(value) || UUID.test(value) || HASH_PREFIX.test(value)) return false;
  if (/^(?:https?:|\/|\.|@|data:|#)/.test(value) || /[(){}<>\\,;]/.test(value)) return false;
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  const hex = /^[0-9a-f]+$/i.test(value);
  if (hex) return value.length >= 32 && entropyOf(value) > 3;
  return entropyOf(value) > (value.length >= 24 ? 3.7 : 3.4) && isMixed(value);
};

/** Letters and digits alternate often in random text; names are made of runs of lower-case letters. */
const isMixed = (value: string): boolean => {
  let changes = 0;
  let kind = kindOf(value[0] ?? '');
  for (const char of value) {
    const next = kindOf(char);
    if (next !== kind && next !== 'sign' && kind !== 'sign') changes += 1;
    kind = next;
  }
  const words = (value.match(/[a-z]{3,}/g) ?? []).join('').length;
  const digits = value.replace(/\D/g, '').length;
  return changes >= value.length / 5 && (digits >= 3 || words < value.length / 2);
};

const kindOf = (char: string): 'digit' | 'lower' | 'upper' | 'sign' => {
  if (char >= '0' && char <= '9') return 'digit';
  if (char >= 'a' && char <= 'z') return 'lower';
  return char >= 'A' && char <= 'Z' ? 'upper' : 'sign';
};
