import { expect, test } from 'vitest';
import { finding } from './finding.ts';
import type { Rule } from './finding.ts';

const RULE: Rule = {
  id: 'area/thing',
  severity: 'warning',
  confidence: 0.8,
  title: 't',
  why: 'w',
  fix: 'f',
};
const spot = { path: 'a.ts', line: 3, message: 'm', key: 'name  of\n it' };

test('the fingerprint survives a move inside the file and a change of spacing', () => {
  const here = finding(RULE, spot);
  expect(finding(RULE, { ...spot, line: 90, key: 'name of it' }).fingerprint).toBe(
    here.fingerprint,
  );
  expect(finding(RULE, { ...spot, path: 'b.ts' }).fingerprint).not.toBe(here.fingerprint);
  expect(finding(RULE, { ...spot, key: 'other' }).fingerprint).not.toBe(here.fingerprint);
});

test('message and evidence are one bounded line without credentials', () => {
  const token = ['gh', 'p_', 'a1B2'.repeat(9)].join('');
  const found = finding(RULE, {
    ...spot,
    message: `x\n${'y'.repeat(1_000)}`,
    evidence: `git+https://user:${token}@host/x.git ${token}`,
  });
  expect(found.message).toHaveLength(300);
  expect(found.message).not.toContain('\n');
  expect(found.evidence).toBe('git+https://[redacted]@host/x.git [redacted]');
});
