// Turns any value into plain data that may be logged: bounded in depth and size, free of secrets. It never throws, whatever it is given:
// a log call in an error path must not become a second error.

import { isHiveError } from '../contract/index.ts';
import { isSecretName, REDACTED } from './redact-text.ts';

// A log line is read by people: these bounds keep it under some kilobytes, and a runaway object from filling the disk.
const MAX_DEPTH = 6;
const MAX_ENTRIES = 64;
const MAX_TEXT = 4_096;
const MAX_CAUSES = 4;
/** What is looked at of a long text: enough to recognise a key block that begins before the cut. */
const MAX_READ = 32_768;
/** Left out at the end of what was read, where half a secret could stand unrecognised. */
const READ_MARGIN = 1_024;

export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

type Redact = (text: string) => string;

interface Scrubbing {
  redact: Redact;
  depth: number;
  /** Objects on the way down, for cycles. */
  path: readonly object[];
}

export function scrubText(text: string, redact: Redact): string {
  const isLong = text.length > MAX_READ;
  // Redact before the cut: half a secret is not recognised any more.
  const clean = redact(isLong ? text.slice(0, MAX_READ) : text);
  const end = Math.min(MAX_TEXT, isLong ? clean.length - READ_MARGIN : clean.length);
  return end === clean.length ? clean : `${clean.slice(0, Math.max(0, end))}… (cut)`;
}

export function scrubValue(value: unknown, redact: Redact): Plain {
  return scrub(value, { redact, depth: 0, path: [] });
}

function scrub(value: unknown, at: Scrubbing): Plain {
  switch (typeof value) {
    case 'string':
      return scrubText(value, at.redact);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'undefined':
      return null;
    case 'symbol':
      return scrubText(value.toString(), at.redact);
    case 'function':
      return '[function]';
    case 'object':
      break;
    default:
      return '[unknown]';
  }
  if (value === null) return null;
  if (at.path.includes(value)) return '[circular]';
  if (at.depth >= MAX_DEPTH) return '[too deep]';
  try {
    return scrubObject(value, { ...at, depth: at.depth + 1, path: [...at.path, value] });
  } catch {
    return '[unreadable]'; // a getter or a toJSON that throws
  }
}

function scrubObject(value: object, at: Scrubbing): Plain {
  if (value instanceof Error) return scrubError(value, at);
  if (Array.isArray(value)) return scrubList(value, at);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map || value instanceof Set) return scrubList([...value], at);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json: unknown = value.toJSON();
    if (json !== value) return scrub(json, { ...at, depth: at.depth - 1 });
  }
  const plain: Record<string, Plain> = {};
  const keys = Object.keys(value);
  for (const key of keys.slice(0, MAX_ENTRIES)) {
    const item: unknown = Reflect.get(value, key);
    if (item === undefined) continue;
    set(plain, at.redact(key), isSecretName(key) ? REDACTED : scrub(item, at));
  }
  if (keys.length > MAX_ENTRIES) set(plain, '…', `${keys.length - MAX_ENTRIES} more`);
  return plain;
}

function scrubList(list: readonly unknown[], at: Scrubbing): Plain[] {
  const plain = list.slice(0, MAX_ENTRIES).map((item) => scrub(item, at));
  if (list.length > MAX_ENTRIES) plain.push(`… ${list.length - MAX_ENTRIES} more`);
  return plain;
}

/** Plain assignment would change the prototype for the key `__proto__`. */
function set(plain: Record<string, Plain>, key: string, value: Plain): void {
  Object.defineProperty(plain, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function scrubError(error: Error, at: Scrubbing): Plain {
  const plain: Record<string, Plain> = { name: scrubText(error.name, at.redact) };
  if (isHiveError(error)) Object.assign(plain, { code: error.code, kind: error.kind });
  else if ('code' in error && typeof error.code === 'string')
    plain['code'] = scrubText(error.code, at.redact);
  plain['message'] = scrubText(error.message, at.redact);
  if (isHiveError(error) && error.details !== undefined)
    plain['details'] = scrub(error.details, at);
  if (typeof error.stack === 'string') plain['stack'] = scrubText(error.stack, at.redact);
  if (error.cause !== undefined && at.path.length <= MAX_CAUSES)
    plain['cause'] = scrub(error.cause, at);
  if (error instanceof AggregateError) plain['errors'] = scrubList(error.errors, at);
  return plain;
}
