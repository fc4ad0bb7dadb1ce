import type { Rule } from '../finding.ts';

export const UNUSED_EXPORT: Rule = {
  id: 'dead-exports/unused-export',
  severity: 'note',
  confidence: 0.8,
  title: 'Export that nothing uses',
  why: 'Dead code is read, tested, upgraded and feared like live code.',
  fix: 'Delete it; if it is meant for users outside this repository, export it from an entry point of package.json.',
};
export const UNUSED_MODULE: Rule = {
  id: 'dead-exports/unused-module',
  severity: 'note',
  confidence: 0.6,
  title: 'Module that nothing imports',
  why: 'No entry point, script, test or import reaches this file.',
  fix: 'Delete the file, or reach it from an entry point.',
};
export const UNRESOLVED_IMPORT: Rule = {
  id: 'dead-exports/unresolved-import',
  severity: 'warning',
  confidence: 0.7,
  title: 'Relative import of a file that is not there',
  why: 'The program or its type check fails on a fresh clone.',
  fix: 'Correct the path, or commit the missing file.',
};

export const RULES: readonly Rule[] = [UNUSED_EXPORT, UNUSED_MODULE, UNRESOLVED_IMPORT];
