import type { Rule } from '../finding.ts';

const rule = (id: string, rest: Omit<Rule, 'id'>): Rule => ({ id: `inventory/${id}`, ...rest });

export const CONFLICT_MARKER = rule('merge-conflict', {
  severity: 'error',
  confidence: 0.95,
  title: 'Merge conflict was committed',
  why: 'The file holds two versions of the truth and parses as neither.',
  fix: 'Resolve the conflict and remove the markers.',
});
export const COMMITTED_ARTEFACT = rule('committed-artefact', {
  severity: 'warning',
  confidence: 0.9,
  title: 'Machine-made file in the repository',
  why: 'Caches, editor leftovers and compiled files go stale, conflict on every merge and leak local details.',
  fix: 'Delete it and add its pattern to .gitignore.',
});
export const LARGE_BINARY = rule('large-binary', {
  severity: 'note',
  confidence: 0.7,
  title: 'Large binary file',
  why: 'Every clone downloads every version of it for ever.',
  fix: 'Keep it in a release, an object store or Git LFS.',
});
export const OVERSIZED_SOURCE = rule('oversized-source', {
  severity: 'note',
  confidence: 0.7,
  title: 'Source file of thousands of lines',
  why: 'Nobody reads it whole; every change to it conflicts with someone.',
  fix: 'Split it by the ideas it holds.',
});
export const CASE_COLLISION = rule('case-collision', {
  severity: 'error',
  confidence: 0.95,
  title: 'Two names differ only in case',
  why: 'On macOS and Windows one of the files overwrites the other at checkout.',
  fix: 'Rename one of them.',
});
export const UNPORTABLE_NAME = rule('unportable-name', {
  severity: 'warning',
  confidence: 0.9,
  title: 'File name that Windows cannot hold',
  why: 'The repository cannot be checked out there at all.',
  fix: 'Rename the file.',
});

export const RULES: readonly Rule[] = [
  CONFLICT_MARKER,
  COMMITTED_ARTEFACT,
  LARGE_BINARY,
  OVERSIZED_SOURCE,
  CASE_COLLISION,
  UNPORTABLE_NAME,
];
