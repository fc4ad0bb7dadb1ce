import { expect, test } from 'vitest';
import { analyse, told } from '../testing.ts';
import { accessibility } from './accessibility.ts';
import { readCss } from './read-css.ts';

test('rules keep their lines through comments, nesting and media queries', () => {
  const rules = readCss(
    '/* a\n*/\n.a {\n  color: red; // x\n  &:hover { color: blue }\n}\n@media print {\n  .b { color: url(//x.io/a;b) }\n}\n',
  );
  expect(
    rules.map(({ selector, context, line }) => `${selector}|${context.trim()}|${line}`),
  ).toEqual(['.a||3', '.a &:hover||5', '|@media print|7', '.b|@media print|8']);
});

test('scripts, comments and quoted brackets are not markup', () => {
  const page =
    '<p title="<img src=x>">a</p><!-- <img src="a"> --><script>"<img src=b>"</script>\n<img src="c.png">\n';
  expect(told(analyse(accessibility, [['a.html', page]]))).toEqual(['image-alt a.html:2']);
});

test('a style element has the lines of its page', () => {
  const page = '<style>\n.a {\n  color: #ccc;\n  background: #fff;\n}\n</style>\n';
  expect(told(analyse(accessibility, [['a.html', page]]))).toEqual(['contrast a.html:2']);
});

test('generics in the script of a component are not tags', () => {
  const text =
    '<script setup lang="ts">\nconst a = ref<HTMLImageElement | null>(null);\nif (a < b) { }\n</script>\n<template>\n  <img src="x.png">\n</template>\n';
  expect(told(analyse(accessibility, [['a.vue', text]]))).toEqual(['image-alt a.vue:6']);
});
