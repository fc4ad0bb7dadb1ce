import { expect, test } from 'vitest';
import { analyse, told } from '../testing.ts';
import { entropyOf, isPlaceholder, looksRandom } from './randomness.ts';
import { secrets } from './secrets.ts';

const BODY = 'q7Zp2VxL9mKd4RtWc8YbN3sHf6JgAe5Uo1Ti';
const TOKEN = ['gh', 'p_', BODY].join('');

test('a finding never holds any part of the secret beyond its public prefix', () => {
  const found = analyse(secrets, [
    ['a.sh', `T=${TOKEN}\n`],
    ['b.ts', `const apiSecret = '${BODY}';\n`],
    ['c.yml', `url: ${['https://joe:', BODY, '@host.io/x'].join('')}\n`],
    ['d.py', `PASSWORD = "${['Gr4n', 'ite!'].join('')}"\n`],
  ]);
  expect(told(found).sort()).toEqual([
    'hardcoded-password d.py:1',
    'high-entropy-secret b.ts:1',
    'password-in-url c.yml:1',
    'service-token a.sh:1',
  ]);
  const text = JSON.stringify(found);
  for (let at = 0; at + 6 <= BODY.length; at += 1)
    expect(text).not.toContain(BODY.slice(at, at + 6));
  expect(text).not.toContain('Gr4n');
});

test('the same token in one file is told once, and a token line has one finding', () => {
  expect(
    told(analyse(secrets, [['a.env', `GITHUB_TOKEN=${TOKEN}\nOTHER_TOKEN=${TOKEN}\n`]])),
  ).toEqual(['service-token a.env:1', 'high-entropy-secret a.env:2']);
});

test.each([
  'password123',
  'your-secret-key-here',
  'aaaaabbbbbccccc1',
  'AKIAIOSFODNN7EXAMPLE',
  '${TOKEN}',
  'xxxxxxxxxxxxxxxx',
])('%s is a placeholder', (value) => expect(isPlaceholder(value)).toBe(true));

test.each([
  'V1ServiceAccountTokenProjection',
  'com.example.service.TokenProvider2',
  '6f1c2b1e-8f4d-4c1a-9b7e-2d5a7c3e9f10',
  'sha256:q7Zp2VxL9mKd4RtWc8YbN3sHf6JgAe5U',
  'arn:aws:iam::123:role/x',
  '/var/run/secrets/token1',
])('%s is not random', (value) => expect(looksRandom(value)).toBe(false));

test('a drawn value is random', () => {
  expect(looksRandom(BODY)).toBe(true);
  expect(entropyOf('aaaa')).toBe(0);
  expect(entropyOf('abcd')).toBe(2);
});
