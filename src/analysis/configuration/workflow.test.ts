import { expect, test } from 'vitest';
import { readYaml } from '../reading/read-yaml.ts';
import { inspectWorkflow } from './workflow.ts';

const inspect = (text: string): string[] =>
  inspectWorkflow({ path: '.github/workflows/a.yml', text, bytes: text.length }).map(
    ({ rule, line }) => `${rule.split('/')[1]}:${line}`,
  );

test('finds the line of each step', () => {
  const text =
    'on: [push]\npermissions: {}\njobs:\n  a:\n    uses: other/repo/.github/workflows/x.yml@v1\n  b:\n    steps:\n      - uses: a/b@v1\n      - run: |\n          echo ${{ github.event.comment.body }}\n';
  expect(inspect(text)).toEqual(['unpinned-action:5', 'unpinned-action:8', 'script-injection:9']);
});

test('one finding for missing permissions, whatever the number of jobs', () => {
  expect(inspect('on: push\njobs:\n  a:\n    steps: []\n  b:\n    steps: []\n')).toEqual([
    'workflow-permissions:3',
  ]);
});

test('anchors resolve, circles and bombs end', () => {
  const shared =
    'on: push\npermissions: {}\njobs:\n  a: &a\n    steps:\n      - uses: a/b@v1\n  b: *a\n';
  expect(inspect(shared)).toEqual(['unpinned-action:6', 'unpinned-action:6']);
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]}, `.repeat(10)}]`)
    .join('\n')}\n`;
  expect(readYaml(bomb).ok).toBe(true);
  expect(readYaml('a: &a [*a]\n').ok).toBe(true);
  expect(readYaml('['.repeat(10_000))).toMatchObject({ ok: false });
});
