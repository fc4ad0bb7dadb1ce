import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeBase32, formatId, idBytes, idPrefixes, isId, parseId, timeOfId } from './ids.ts';
import type { IdKind } from './ids.ts';

const kinds = Object.keys(idPrefixes) as IdKind[];
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

test('I1: bytes to text and back, for every kind', () => {
  fc.assert(
    fc.property(bytes16, fc.constantFrom(...kinds), (bytes, kind) => {
      const text = formatId(kind, bytes);
      expect(text).toMatch(/^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
      expect(isId(kind, text)).toBe(true);
      expect([...idBytes(kind, text)]).toEqual([...bytes]);
      expect(parseId(kind, text)).toBe(text);
    }),
  );
});

test('text keeps the order of the bytes', () => {
  fc.assert(
    fc.property(bytes16, bytes16, (a, b) => {
      const byBytes = Math.sign(Buffer.compare(a, b));
      const [x, y] = [encodeBase32(a), encodeBase32(b)];
      expect(x < y ? -1 : x > y ? 1 : 0).toBe(byBytes);
    }),
  );
});

test('the vectors of the TypeID specification', () => {
  const uuid = (hex: string): Uint8Array => Buffer.from(hex.replaceAll('-', ''), 'hex');
  expect(encodeBase32(uuid('00000000-0000-0000-0000-000000000000'))).toBe(
    '00000000000000000000000000',
  );
  expect(encodeBase32(uuid('ffffffff-ffff-ffff-ffff-ffffffffffff'))).toBe(
    '7zzzzzzzzzzzzzzzzzzzzzzzzz',
  );
  expect(encodeBase32(uuid('01890a5d-ac96-774b-bcce-b302099a8057'))).toBe(
    '01h455vb4pex5vsknk084sn02q',
  );
});

test('a text that is not an id of the kind is refused with ID_INVALID', () => {
  const good = formatId('task', new Uint8Array(16).fill(9));
  const bad = [
    '',
    'tsk_',
    good.slice(0, -1),
    `${good}0`,
    good.replace('tsk', 'run'),
    `tsk_8${good.slice(5)}`, // over 128 bits
    `${good.slice(0, -1)}u`, // not in the alphabet
    good.toUpperCase(),
    `${good.slice(0, -1)}é`,
    ` ${good}`,
  ];
  for (const text of bad) {
    expect(isId('task', text), text).toBe(false);
    expect(() => parseId('task', text), text).toThrow(
      expect.objectContaining({ code: 'ID_INVALID' }),
    );
  }
});

test('any text at all is an id or refused, never accepted in part', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      if (!isId('run', text)) expect(() => idBytes('run', text)).toThrow();
      else expect(formatId('run', idBytes('run', text))).toBe(text);
    }),
  );
});

test('an id tells when it was made', () => {
  const bytes = Uint8Array.from([
    0x01,
    0x99,
    0xf3,
    0x1e,
    0x4c,
    0x20,
    ...Array<number>(10).fill(255),
  ]);
  expect(timeOfId('run', formatId('run', bytes))).toBe(0x0199f31e4c20);
});
