import type { Rule } from '../finding.ts';

const rule = (id: string, rest: Omit<Rule, 'id'>): Rule => ({ id: `complexity/${id}`, ...rest });

export const COMPLEX_FUNCTION = rule('complex-function', {
  severity: 'warning',
  confidence: 0.8,
  title: 'Function is hard to follow',
  why: 'Nested conditions multiply the cases a reader must hold in mind; defects gather where nobody can.',
  fix: 'Return early, name the conditions, and move each branch that has its own idea into its own function.',
});
export const MANY_PATHS = rule('many-paths', {
  severity: 'note',
  confidence: 0.7,
  title: 'Function has many independent paths',
  why: 'Every path needs a test to be covered; above twenty few functions have them.',
  fix: 'Split the function, or turn the decisions into a table.',
});
export const LONG_FUNCTION = rule('long-function', {
  severity: 'note',
  confidence: 0.7,
  title: 'Function is very long',
  why: 'A function of several screens has several jobs, and its variables live longer than they need.',
  fix: 'Keep the decisions in the parent and extract the steps as named functions.',
});
export const DEEP_NESTING = rule('deep-nesting', {
  severity: 'warning',
  confidence: 0.8,
  title: 'Deeply nested control flow',
  why: 'At five levels the condition under which a line runs can no longer be read from the screen.',
  fix: 'Invert conditions and return or continue early; extract the inner loop.',
});
export const MANY_PARAMETERS = rule('many-parameters', {
  severity: 'note',
  confidence: 0.8,
  title: 'Function takes many parameters',
  why: 'Positional arguments of the same type are swapped by mistake and no compiler sees it.',
  fix: 'Pass one object with named fields, or split the function.',
});
export const PARSE_ERROR = rule('parse-error', {
  severity: 'error',
  confidence: 0.9,
  title: 'File does not parse',
  why: 'A syntax error stops the program, the build or the tool that reaches this file first.',
  fix: 'Correct the syntax, or give the file an extension that says what it is.',
});
export const NOT_PARSED = rule('not-parsed', {
  severity: 'note',
  confidence: 0.9,
  title: 'File is too large or too deeply nested to parse',
  why: 'Nothing is known about this file; programs that people write do not look like this.',
  fix: 'If it is generated, mark it as such or keep it out of the repository.',
});

export const RULES: readonly Rule[] = [
  COMPLEX_FUNCTION,
  MANY_PATHS,
  LONG_FUNCTION,
  DEEP_NESTING,
  MANY_PARAMETERS,
  PARSE_ERROR,
  NOT_PARSED,
];
