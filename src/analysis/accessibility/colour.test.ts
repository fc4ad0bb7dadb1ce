import { expect, test } from 'vitest';
import { contrastRatio, readColour } from './colour.ts';

const ratio = (one: string, other: string): number => {
  const [a, b] = [readColour(one), readColour(other)];
  return a === undefined || b === undefined
    ? Number.NaN
    : Math.round(contrastRatio(a, b) * 100) / 100;
};

test('ratios of WCAG', () => {
  expect(ratio('#000', '#fff')).toBe(21);
  expect(ratio('#767676', 'white')).toBe(4.54);
  expect(ratio('rgb(119 119 119)', '#ffffff')).toBe(4.48);
  expect(ratio('hsl(0, 100%, 50%)', '#fff')).toBe(4);
  expect(ratio('#f00', '#f00')).toBe(1);
});

test.each([
  'inherit',
  'linear-gradient(#000, #fff)',
  'var(--x)',
  '#12',
  'rgb(1,2)',
  'color(display-p3 1 0 0)',
  'rgb(a, b, c)',
])('%s is not one colour', (value) => expect(readColour(value)).toBeUndefined());

test('alpha is kept', () => expect(readColour('rgba(0, 0, 0, 50%)')?.alpha).toBe(0.5));
