import { expect, test } from 'vitest';
import { defineAnalyser } from './define-analyser.ts';
import { finding } from './finding.ts';
import type { Rule } from './finding.ts';
import { repositoryFacts } from './repository-facts.ts';

const RULE: Rule = {
  id: 'demo/bad',
  severity: 'note',
  confidence: 1,
  title: 't',
  why: 'w',
  fix: 'f',
};
const shared = repositoryFacts([]);
const file = (path: string, text = '') => ({ path, text, bytes: text.length });

const demo = defineAnalyser<string>({
  name: 'demo',
  version: '1',
  description: 'd',
  rules: [RULE],
  wants: () => true,
  inspect: ({ path, text }) => {
    if (text === 'throw') throw new Error('broken');
    const findings = Array.from({ length: Number(text) || 1 }, (_, line) =>
      finding(RULE, { path, line, message: 'm' }),
    );
    return { findings, fact: text === 'large' ? 'x'.repeat(600_000) : path };
  },
  finish: (facts, _shared, complete) => {
    if (facts.includes('explode')) throw new Error('joined badly');
    return [finding(RULE, { path: '.', line: 0, message: `${facts.join(' ')} ${complete}` })];
  },
});

test('a file that throws costs one note and no other file', () => {
  const { findings } = demo.shard([file('a'), file('b', 'throw'), file('c')], shared);
  expect(findings.map(({ rule, path }) => `${rule} ${path}`)).toEqual([
    'demo/bad a',
    'analysis/failed b',
    'demo/bad c',
  ]);
  expect(findings[1]?.message).toContain('broken');
});

test('a noisy rule is capped per shard and the rest is counted', () => {
  const { findings, omitted } = demo.shard([file('a', '100')], shared);
  expect(findings).toHaveLength(60);
  expect(omitted).toEqual([['demo/bad', 40]]);
});

test('facts stay below a task result, and the join is told that some are missing', () => {
  const shard = demo.shard([file('a'), file('b', 'large'), file('c')], shared);
  expect(JSON.stringify(shard).length).toBeLessThan(1_000_000);
  expect(demo.finish?.([shard.facts], shared)[0]?.message).toBe('a false');
});

test('a join that throws is a note as well', () => {
  const { facts } = demo.shard([file('explode')], shared);
  expect(demo.finish?.([facts], shared).map(({ rule }) => rule)).toEqual(['analysis/failed']);
});
