/** Dependencies as manifests and lock files state them, in seven ecosystems; no network, no registry. */
import { defineAnalyser } from '../define-analyser.ts';
import type { SourceFile } from '../analyser.ts';
import { finding } from '../finding.ts';
import { isFixture, isGeneratedPath, isTest, isVendored } from '../reading/path-kind.ts';
import { baseNameOf } from '../reading/posix-path.ts';
import { judgeLock, judgeManifest } from './judge-files.ts';
import type { PackageFact } from './judge-repository.ts';
import { judgeRepository } from './judge-repository.ts';
import { readNpmManifest, readPackageLock, readPnpmLock, readYarnLock } from './npm-files.ts';
import {
  readComposer,
  readComposerLock,
  readGemfile,
  readGemfileLock,
  readGoMod,
  readNpmrc,
  readPom,
} from './other-files.ts';
import type { PackageFile, PackageReader } from './package-model.ts';
import { INVALID_MANIFEST, RULES } from './rules.ts';
import {
  readCargoManifest,
  readPipfile,
  readPyproject,
  readRequirements,
  readTomlLock,
} from './rust-and-python-files.ts';

const READERS = new Map<string, PackageReader>([
  ['package.json', readNpmManifest],
  ['package-lock.json', readPackageLock],
  ['npm-shrinkwrap.json', readPackageLock],
  ['yarn.lock', readYarnLock],
  ['pnpm-lock.yaml', readPnpmLock],
  ['.npmrc', readNpmrc],
  ['Cargo.toml', readCargoManifest],
  ['Cargo.lock', readTomlLock],
  ['poetry.lock', readTomlLock],
  ['uv.lock', readTomlLock],
  ['pdm.lock', readTomlLock],
  ['pyproject.toml', readPyproject],
  ['Pipfile', readPipfile],
  ['go.mod', readGoMod],
  ['Gemfile', readGemfile],
  ['Gemfile.lock', readGemfileLock],
  ['composer.json', readComposer],
  ['composer.lock', readComposerLock],
  ['pom.xml', readPom],
]);

const readerFor = (path: string): PackageReader | undefined =>
  READERS.get(baseNameOf(path)) ??
  (/(?:^|\/)(?:requirements[\w.-]*\.(?:txt|in)|requirements\/[\w.-]+\.(?:txt|in))$/.test(path)
    ? readRequirements
    : undefined);

export const dependencies = defineAnalyser<PackageFact>({
  name: 'dependencies',
  version: '1',
  description: 'Manifests and lock files: versions, sources, licences, and whether they agree.',
  rules: RULES,
  wants: (path) =>
    readerFor(path) !== undefined &&
    !isVendored(path) &&
    !isFixture(path) &&
    !isTest(path) &&
    !isGeneratedPath(path),
  inspect: (file) => {
    const read = readerFor(file.path)?.(file.path, file.text);
    return read === undefined ? { findings: [] } : inspection(file, read);
  },
  finish: (facts, shared) => judgeRepository(facts, shared),
});

const inspection = ({ path }: SourceFile, read: PackageFile) => {
  switch (read.kind) {
    case 'damaged': {
      const message = `${baseNameOf(path)} is ${read.message}.`;
      return { findings: [finding(INVALID_MANIFEST, { path, line: 0, message, key: path })] };
    }
    case 'manifest': {
      const { kind, ecosystem, application } = read;
      const wishes = read.wishes.map(({ name, spec, line }) => [name, spec, line] as const);
      return {
        findings: judgeManifest(path, read),
        fact: { path, kind, ecosystem, application, wishes },
      };
    }
    case 'lock': {
      const { kind, ecosystem } = read;
      const wishes = [...(read.remembered ?? [])].map(([name, spec]) => [name, spec, 0] as const);
      return {
        findings: judgeLock(path, read),
        fact: { path, kind, ecosystem, application: false, wishes },
      };
    }
    default:
      return read satisfies never;
  }
};
