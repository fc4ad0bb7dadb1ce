import type { Rule } from '../finding.ts';

const rule = (id: string, rest: Omit<Rule, 'id'>): Rule => ({ id: `dependencies/${id}`, ...rest });

export const DUPLICATE_DIRECT = rule('duplicate-direct', {
  severity: 'warning',
  confidence: 0.7,
  title: 'A direct dependency is installed in several versions',
  why: 'Types, singletons and instanceof checks differ between the copies; defects appear that no version has alone.',
  fix: 'Raise the dependants to one version, or override it in the manifest.',
});
export const DUPLICATE_TRANSITIVE = rule('duplicate-transitive', {
  severity: 'note',
  confidence: 0.5,
  title: 'Packages installed in three versions or more',
  why: 'Each copy is downloaded, audited and patched on its own.',
  fix: 'Deduplicate the lock file; see which dependant holds the old version.',
});
export const COPYLEFT = rule('copyleft-licence', {
  severity: 'warning',
  confidence: 0.7,
  title: 'Dependency under a strong copyleft or source-available licence',
  why: 'Its terms may extend to the whole program, or forbid the use you make of it.',
  fix: 'Have the licence checked, replace the package, or buy a commercial licence.',
});
export const NO_LICENCE = rule('unlicensed-dependency', {
  severity: 'note',
  confidence: 0.7,
  title: 'Dependency without a licence',
  why: 'Without a licence nobody has the right to use it.',
  fix: 'Ask the author to state one, or replace the package.',
});
export const UNPINNED = rule('unpinned', {
  severity: 'warning',
  confidence: 0.8,
  title: 'Dependency takes any version',
  why: 'The next install may bring a new major version, or a hijacked release, without a change in the repository.',
  fix: 'State a range that ends before the next major version, or an exact version.',
});
export const MISSING_LOCK = rule('missing-lock', {
  severity: 'warning',
  confidence: 0.75,
  title: 'Dependencies without a lock file',
  why: 'Two installs of the same commit give different programs.',
  fix: 'Commit the lock file of the package manager.',
});
export const SEVERAL_LOCKS = rule('several-locks', {
  severity: 'warning',
  confidence: 0.85,
  title: 'Lock files of several package managers',
  why: 'They drift apart, and which versions run depends on who installs.',
  fix: 'Keep the one that CI uses and delete the others.',
});
export const MUTABLE_SOURCE = rule('mutable-source', {
  severity: 'warning',
  confidence: 0.8,
  title: 'Dependency from a moving source',
  why: 'A branch or a bare URL can change its contents at any time; nothing proves what was installed.',
  fix: 'Use a released version, or pin the full commit hash.',
});
export const OUTSIDE_PATH = rule('path-outside', {
  severity: 'warning',
  confidence: 0.85,
  title: 'Dependency from a folder outside the repository',
  why: 'It installs on one machine only.',
  fix: 'Publish the package, or bring it into the repository.',
});
export const PLAIN_HTTP = rule('plain-http', {
  severity: 'error',
  confidence: 0.9,
  title: 'Packages are fetched without encryption',
  why: 'Anyone on the way can replace the code that you install.',
  fix: 'Use https for the registry and write the lock file anew.',
});
export const LOCK_DRIFT = rule('lock-drift', {
  severity: 'error',
  confidence: 0.9,
  title: 'Manifest and lock file disagree',
  why: 'A clean install refuses to run, or installs what nobody asked for.',
  fix: 'Run the install command once and commit the lock file.',
});
export const WORKSPACE_DRIFT = rule('workspace-drift', {
  severity: 'note',
  confidence: 0.7,
  title: 'Packages of one repository want different major versions',
  why: 'The same code behaves differently depending on which package runs it.',
  fix: 'Agree on one version, for example with a catalogue or an override in the root.',
});
export const INVALID_MANIFEST = rule('invalid-manifest', {
  severity: 'error',
  confidence: 0.9,
  title: 'Manifest or lock file cannot be read',
  why: 'No tool can install from it.',
  fix: 'Correct the syntax; a merge often leaves such a file behind.',
});

export const RULES: readonly Rule[] = [
  DUPLICATE_DIRECT,
  DUPLICATE_TRANSITIVE,
  COPYLEFT,
  NO_LICENCE,
  UNPINNED,
  MISSING_LOCK,
  SEVERAL_LOCKS,
  MUTABLE_SOURCE,
  OUTSIDE_PATH,
  PLAIN_HTTP,
  LOCK_DRIFT,
  WORKSPACE_DRIFT,
  INVALID_MANIFEST,
];
