/**
 * One case of the quality fixture: a small repository with one planted defect, or a clean look-alike of a
 * defect. The skeleton around it has nothing to find, so whatever is found was caused by the case.
 */

export type FixtureCase = {
  readonly area: string;
  readonly name: string;
  /** The rule that must fire, on `path`; undefined for a clean look-alike where nothing may fire. */
  readonly expected?: { readonly rule: string; readonly path: string };
  /** [path, text]; a text of undefined removes the file from the skeleton. */
  readonly files: readonly FixtureFile[];
};

export type FixtureFile = readonly [path: string, text: string | undefined];

export type FixtureArea = {
  /** `planted(rule, name, files)`: the rule must fire on the first file. */
  readonly planted: (rule: string, name: string, files: readonly FixtureFile[]) => void;
  /** Rules about the whole repository fire on `.`. */
  readonly plantedOn: (
    place: { rule: string; path: string },
    name: string,
    files: readonly FixtureFile[],
  ) => void;
  readonly clean: (name: string, files: readonly FixtureFile[]) => void;
  readonly cases: FixtureCase[];
};

export const fixtureArea = (area: string): FixtureArea => {
  const cases: FixtureCase[] = [];
  return {
    cases,
    planted: (rule, name, files) => {
      const path = files[0]?.[0] ?? '.';
      cases.push({ area, name, expected: { rule: `${area}/${rule}`, path }, files });
    },
    plantedOn: ({ rule, path }, name, files) => {
      cases.push({ area, name, expected: { rule: `${area}/${rule}`, path }, files });
    },
    clean: (name, files) => {
      cases.push({ area, name, files });
    },
  };
};

export const SKELETON: readonly FixtureFile[] = [
  [
    'README.md',
    '# Lantern\n\nKeeps a light on.\n\n## Installation\n\nRun `npm ci`.\n\n## Usage\n\nRun `npm start`.\n',
  ],
  ['LICENSE', 'MIT License\n'],
  ['.gitignore', 'node_modules\n__pycache__/\ntarget\n'],
  [
    'package.json',
    '{\n  "name": "lantern",\n  "version": "1.0.0",\n  "private": true,\n  "main": "src/main.ts"\n}\n',
  ],
  ['src/main.ts', "process.stdout.write('on');\n"],
];

/** Deterministic characters that look drawn: fixtures must not hold what a scanner would report. */
export const drawn = (seed: number, length: number, alphabet = BASE62): string => {
  let state = seed * 2_654_435_761 + 1_013_904_223;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) | 0;
    text += alphabet[Math.abs(state >>> 7) % alphabet.length] ?? '';
  }
  return text;
};

const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
export const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
export const HEX = '0123456789abcdef';
