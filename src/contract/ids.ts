// Public identifiers: TypeID text (https://github.com/jetify-com/typeid, spec 0.3): a prefix, `_`, and a UUIDv7 in Crockford base32.
// Owns: the prefixes, the brands, text <-> 16 bytes. Does not own: making new ids (kernel injects time and randomness).
// I1: text and bytes convert both ways without loss. I2: an id sorts by its time only for locality; nothing may order by it.

import { hiveError } from './errors.ts';

export const idPrefixes = {
  tenant: 'ten',
  project: 'prj',
  agent: 'agt',
  instance: 'ins',
  host: 'hst',
  run: 'run',
  task: 'tsk',
  event: 'evt',
  log: 'log',
  audit: 'aud',
  approval: 'apr',
} as const;

export type IdKind = keyof typeof idPrefixes;
export type Id<K extends IdKind> = `${(typeof idPrefixes)[K]}_${string}` & { readonly __id: K };
export type TaskId = Id<'task'>;
export type RunId = Id<'run'>;
export type AgentId = Id<'agent'>;
export type InstanceId = Id<'instance'>;
export type HostId = Id<'host'>;
export type TenantId = Id<'tenant'>;
export type ProjectId = Id<'project'>;
export type ApprovalId = Id<'approval'>;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TEXT_LENGTH = 26; // 130 bits: the first character carries only 3
const decodeTable = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) decodeTable[ALPHABET.charCodeAt(i)] = i;

const alphabetCodes = Uint8Array.from(ALPHABET, (each) => each.charCodeAt(0));
/** Reused: one flat string per id instead of a rope of 26 pieces, which every later copy would have to flatten. */
const scratch = Buffer.alloc(TEXT_LENGTH);

/** 16 bytes -> 26 base32 characters. */
export function encodeBase32(bytes: Uint8Array): string {
  let buffer = 0;
  let bits = 2; // two leading zero bits bring 128 to 130
  let at = 0;
  for (let i = 0; i < 16; i++) {
    buffer = ((buffer << 8) | (bytes[i] ?? 0)) & 0x1fff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      scratch[at++] = alphabetCodes[(buffer >> bits) & 31] ?? 0;
    }
  }
  return scratch.toString('latin1');
}

function decodeBase32(text: string, offset: number): Uint8Array | undefined {
  if (text.length - offset !== TEXT_LENGTH || text.charCodeAt(offset) > 55 /* '7' */)
    return undefined;
  const bytes = new Uint8Array(16);
  let buffer = 0;
  let bits = -2;
  let at = 0;
  for (let i = offset; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? (decodeTable[code] ?? -1) : -1;
    if (value < 0) return undefined;
    buffer = ((buffer << 5) | value) & 0x1fff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 255;
    }
  }
  return bytes;
}

/** Bytes of a UUID -> public text with the kind's prefix. */
export function formatId<K extends IdKind>(kind: K, bytes: Uint8Array): Id<K> {
  return `${idPrefixes[kind]}_${encodeBase32(bytes)}` as Id<K>;
}

const article = (kind: IdKind): string => (/^[aeiou]/.test(kind) ? 'an' : 'a');

/** Public text -> its 16 bytes. Throws ID_INVALID when the text is not an id of this kind. */
export function idBytes(kind: IdKind, text: string): Uint8Array {
  const prefix = idPrefixes[kind];
  const bytes = text.startsWith(`${prefix}_`) ? decodeBase32(text, prefix.length + 1) : undefined;
  if (bytes === undefined) {
    throw hiveError('ID_INVALID', {
      message: `"${text.slice(0, 60)}" is not the id of ${article(kind)} ${kind} (${prefix}_ and 26 characters)`,
    });
  }
  return bytes;
}

/** Whether a text is an id of the kind. */
export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  const prefix = idPrefixes[kind];
  return text.startsWith(`${prefix}_`) && decodeBase32(text, prefix.length + 1) !== undefined;
}

/** Checks a text from outside and brands it. Throws ID_INVALID. */
export function parseId<K extends IdKind>(kind: K, text: string): Id<K> {
  idBytes(kind, text);
  return text as Id<K>;
}

/** When an id was made, in milliseconds: the first 48 bits of its UUIDv7. For people to read; nothing is ordered by it (I2). Throws ID_INVALID. */
export function timeOfId(kind: IdKind, text: string): number {
  const bytes = idBytes(kind, text);
  return bytes.subarray(0, 6).reduce((ms, byte) => ms * 256 + byte, 0);
}
