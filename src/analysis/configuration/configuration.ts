/** Configuration and CI hygiene: one small inspector per kind of file. */
import { defineAnalyser } from '../define-analyser.ts';
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { isExample, isFixture, isTest, isVendored } from '../reading/path-kind.ts';
import type { RepositoryFacts } from '../repository-facts.ts';
import { inspectCompose, isCompose } from './compose.ts';
import { inspectDockerfile, isDockerfile } from './dockerfile.ts';
import {
  inspectEnvFile,
  inspectGitignore,
  inspectLifecycle,
  inspectTls,
  inspectTsconfig,
  isEnvFile,
} from './project-files.ts';
import { RULES } from './rules.ts';
import { inspectWorkflow, isWorkflow } from './workflow.ts';

type Inspector = {
  readonly takes: (path: string) => boolean;
  readonly inspect: (file: SourceFile, shared: RepositoryFacts) => Finding[];
};

const isSetting = (path: string): boolean =>
  /(?:^|\/)(?:\.npmrc|\.env[\w.-]*|Dockerfile[\w.-]*|[\w.-]*\.(?:ya?ml|sh|bash|env|dockerfile))$/i.test(
    path,
  );

const INSPECTORS: readonly Inspector[] = [
  { takes: isWorkflow, inspect: inspectWorkflow },
  { takes: isDockerfile, inspect: inspectDockerfile },
  { takes: isCompose, inspect: inspectCompose },
  { takes: (path) => /(?:^|\/)tsconfig(?:\.[\w-]+)?\.json$/.test(path), inspect: inspectTsconfig },
  { takes: isEnvFile, inspect: inspectEnvFile },
  { takes: (path) => /(?:^|\/)package\.json$/.test(path), inspect: inspectLifecycle },
  { takes: (path) => path === '.gitignore', inspect: inspectGitignore },
  { takes: isSetting, inspect: inspectTls },
];

export const configuration = defineAnalyser<never>({
  name: 'configuration',
  version: '1',
  description: 'CI workflows, containers, compilers and package scripts with unsafe settings.',
  rules: RULES,
  wants: (path) =>
    !isVendored(path) &&
    !isFixture(path) &&
    !isTest(path) &&
    !isExample(path) &&
    INSPECTORS.some(({ takes }) => takes(path)),
  inspect: (file, shared) => ({
    findings: INSPECTORS.filter(({ takes }) => takes(file.path)).flatMap(({ inspect }) =>
      inspect(file, shared),
    ),
  }),
});
