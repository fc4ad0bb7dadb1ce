import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkArchitecture } from './architecture/check.ts';
import type { Rule } from './architecture/check.ts';
import { collectFacts } from './architecture/facts.ts';
import type { SourceFile } from './architecture/facts.ts';
import { ROOMS, SUPPRESSION_BUDGET } from './architecture/layers.ts';
import { PLANTED } from './architecture/planted.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Every TypeScript file below a folder of the repository; fixtures are data, not ours. */
function readSources(folder: string): SourceFile[] {
  let names: string[];
  try {
    names = readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter(
      (name) => name.endsWith('.ts') && !/(?:^|[\\/])(?:fixtures|node_modules)[\\/]/.test(name),
    )
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort()
    .map((name) => ({ path: name, source: readFileSync(path.join(ROOT, name), 'utf8') }));
}

describe('the layer table', () => {
  test('arrows point down: only kernel and bus are imported from their own layer', () => {
    const sideways = Object.entries(ROOMS).flatMap(([room, { layer, mayImport }]) =>
      mayImport
        .filter((target) => (ROOMS[target]?.layer ?? Infinity) >= layer)
        .map((target) => ({ room, target })),
    );
    expect([...new Set(sideways.map(({ target }) => target))].sort()).toEqual(['bus', 'kernel']);
    expect(sideways.filter(({ room }) => room === 'bus' || room === 'kernel')).toEqual([]);
  });
});

describe('planted violations', () => {
  for (const { what, rule, says, bad, good } of PLANTED) {
    test(`${what} is caught, its look-alike is not`, () => {
      const caught = checkArchitecture(bad).filter((violation) => violation.rule === rule);
      expect(caught.map((violation) => violation.message).join('\n')).toContain(says);
      expect(caught.length).toBeGreaterThan(0);
      expect(checkArchitecture(good)).toEqual([]);
    });
  }

  test('there is one of each rule', () => {
    const rules: Record<Rule, true> = {
      arrow: true,
      cycle: true,
      dangerous: true,
      'export-star': true,
      'front-door': true,
      'index-logic': true,
      length: true,
      name: true,
      outside: true,
      'own-index': true,
      pure: true,
      suppression: true,
      syntax: true,
      'testing-door': true,
      'unknown-room': true,
    };
    const planted = new Set(PLANTED.map(({ rule }) => rule));
    expect([...planted].sort()).toEqual(Object.keys(rules).sort());
  });
});

describe('this repository', () => {
  test('src follows the layer table', () => {
    const sources = readSources('src');
    expect(sources.length).toBeGreaterThan(0);
    const lines = checkArchitecture(sources).map((v) => `${v.where} [${v.rule}] ${v.message}`);
    expect(lines).toEqual([]);
  });

  test('lint suppressions stay inside the budget', () => {
    const found = ['src', 'bench', 'scripts', 'test']
      .flatMap((folder) => readSources(folder))
      .flatMap((source) => collectFacts(source))
      .flatMap((facts) => facts.suppressions.map(({ line }) => `${facts.path}:${line}`));
    expect(found.length, found.join('\n')).toBeLessThanOrEqual(SUPPRESSION_BUDGET);
  });

  test('every dependency is pinned and the lock file names no registry host', () => {
    const manifest: Record<string, Record<string, string>> = JSON.parse(
      readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
    );
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'];
    const loose = kinds
      .flatMap((kind) => Object.entries(manifest[kind] ?? {}))
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version));
    expect(loose).toEqual([]);
    const lock = readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8');
    expect(lock.match(/"resolved": "[^"]+"/g)).toBeNull();
  });
});
