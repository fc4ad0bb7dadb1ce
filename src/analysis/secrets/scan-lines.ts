/** Secrets that a name gives away: assignments, URL credentials, private keys. Line by line, linear. */
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import { isPlaceholder, isReference, looksRandom } from './randomness.ts';
import { GENERIC_SECRET, PASSWORD, PRIVATE_KEY, URL_PASSWORD } from './rules.ts';

export type ScannedFile = {
  readonly path: string;
  readonly lines: readonly string[];
  /** Tests, fixtures, examples and documents hold dummies; only tokens of known shape count there. */
  readonly quiet: boolean;
  /** `KEY=value` without quotes is an assignment (.env, .ini, .properties, YAML). */
  readonly unquoted: boolean;
};

const SECRET_NAME =
  /((?:[\w-]{0,40}[_-])?(?:secret|api[_-]?key|apikey|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|token|client[_-]?secret|signing[_-]?key|encryption[_-]?key|credentials?)(?:[_-](?:key|token|base|id|value))?|[a-z]{1,20}(?:Secret|ApiKey|AccessKey|PrivateKey|Token|SecretKey|EncryptionKey))["']?\s{0,8}(?::=|=>|[:=])\s{0,8}(?:"([^"]{8,520})"|'([^']{8,520})'|`([^`]{8,520})`|([^\s"'`#]{16,520}))/gi;
const PASSWORD_NAME =
  /((?:[\w-]{0,40}[_-])?(?:password|passwd|pwd|passphrase)|[a-z]{1,20}(?:Password|Passwd))["']?\s{0,8}(?::=|=>|[:=])\s{0,8}(?:"([^"\s]{6,80})"|'([^'\s]{6,80})'|([^\s"'`#]{6,80}))/gi;
const PUBLIC_NAME =
  /public|publishable|_id$|[a-z]Id$|hash|digest|checksum|csrf|xsrf|nonce|fingerprint|cache|idempot|page_?token|next_?token|continuation|cursor|sort_?key|primary_?key|foreign_?key|anon/i;
const URL_CREDENTIALS =
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/([^\s:/@'"`<>]{1,100}):([^\s:/@'"`<>]{3,200})@([\w.-]{1,200})/gi;
const LOCAL_HOST =
  /^(?:127\.|0\.0\.0\.0$|[\w-]*$)|(?:\.|^)(?:example|test|local|localhost|invalid)(?:\.(?:com|org|net))?$/i;

export const scanLines = (file: ScannedFile): Finding[] => {
  const found = privateKeys(file);
  if (file.quiet) return found;
  file.lines.forEach((line, index) => {
    if (line.length < 12) return;
    const spot = { path: file.path, line: index + 1 };
    if (line.includes('://')) found.push(...urlPasswords(line, spot));
    if (/secret|key|token|credential/i.test(line)) found.push(...assignments(file, line, spot));
    if (/pass|pwd/i.test(line)) found.push(...passwords(file, line, spot));
  });
  return found;
};

type Place = { readonly path: string; readonly line: number };

const assignments = (file: ScannedFile, line: string, spot: Place): Finding[] =>
  [...line.matchAll(SECRET_NAME)].flatMap((match) => {
    const [, name = '', double, single, tick, bare] = match;
    const value = double ?? single ?? tick ?? (file.unquoted ? bare : undefined);
    if (value === undefined || PUBLIC_NAME.test(name)) return [];
    if (isReference(value) || isPlaceholder(value) || !looksRandom(value)) return [];
    const message = `${name} is set to a random-looking value of ${value.length} characters.`;
    return [finding(GENERIC_SECRET, { ...spot, message, key: name, evidence: `${name} = …` })];
  });

const passwords = (file: ScannedFile, line: string, spot: Place): Finding[] =>
  [...line.matchAll(PASSWORD_NAME)].flatMap((match) => {
    const [, name = '', double, single, bare] = match;
    const value = double ?? single ?? (file.unquoted ? bare : undefined);
    if (value === undefined || !isTypedPassword(value)) return [];
    if (isReference(value) || isPlaceholder(value)) return [];
    const message = `${name} is set to a literal of ${value.length} characters.`;
    return [finding(PASSWORD, { ...spot, message, key: name, evidence: `${name} = …` })];
  });

/** People put a digit and a letter into passwords; labels, routes, types and field names have none. */
const isTypedPassword = (value: string): boolean =>
  /\d/.test(value) &&
  /[A-Za-z]/.test(value) &&
  !/^[/.#@$%{[(]|[()[\]{}<>;]|:\/\//.test(value) &&
  !/^[A-Za-z_]+\d?$|^\w+(?:\.\w+)+$/.test(value) &&
  !/^(?:sha|md5|\$2)/.test(value);

const urlPasswords = (line: string, spot: Place): Finding[] =>
  [...line.matchAll(URL_CREDENTIALS)].flatMap((match) => {
    const [, user = '', password = '', host = ''] = match;
    if (isReference(password) || isPlaceholder(password) || LOCAL_HOST.test(host)) return [];
    if (
      /^(?:pass|pw|pwd|passwd|secret|token|user|guest|root|admin|postgres|x-oauth-basic|\*+)$/i.test(
        password,
      )
    )
      return [];
    if (password === user || /^[$%{]/.test(password)) return [];
    const message = `A URL for ${host} carries a user name and a password.`;
    return [finding(URL_PASSWORD, { ...spot, message, key: `${user}@${host}` })];
  });

/** Base64 lines that must follow the header: a mention of the header in a string is not a key. */
const MIN_KEY_LINES = 2;

const privateKeys = ({ path, lines, quiet }: ScannedFile): Finding[] => {
  if (quiet) return [];
  return lines.flatMap((line, index) => {
    const header = /-----BEGIN ((?:[A-Z]{2,10} ){0,3})PRIVATE KEY( BLOCK)?-----/.exec(line);
    if (header === null) return [];
    const inline = /\\n[A-Za-z0-9+/]{40,}/.test(line.slice(header.index));
    const body = lines
      .slice(index + 1, index + 12)
      .filter((each) => /^[\s"'+]*[A-Za-z0-9+/=]{40,}/.test(each));
    if (!inline && body.length < MIN_KEY_LINES) return [];
    const message = `A ${(header[1] ?? '').trim()} private key is stored in this file.`;
    return [finding(PRIVATE_KEY, { path, line: index + 1, message: message.replace('  ', ' ') })];
  });
};
