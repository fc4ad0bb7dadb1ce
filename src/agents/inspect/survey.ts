/** The surveyor's work: walk the tree, write the list, cut the shards. */
import { dirname, relative } from 'node:path';
import { analysers, maxBytesFor, repositoryFacts } from '../../analysis/index.ts';
import type { z } from 'zod';
import type { AgentContext } from '../authoring/agent-context.ts';
import type { surveyInput, surveyResult } from './inspect-schemas.ts';
import { reportFiles } from './report-files.ts';
import { walkTree } from './tree/walk-tree.ts';
import { cutShards } from './work/cut-shards.ts';
import { wantedFiles, writeFileList } from './work/file-list.ts';

type Input = z.infer<typeof surveyInput>['input'];

/** A sign of life per so many directories, not per file. */
const PROGRESS_EVERY = 200;

export function survey(
  { root, workDirectory, reportDirectory }: Input,
  progress: AgentContext['progress'],
): z.infer<typeof surveyResult> {
  let directories = 0;
  const walk = walkTree({
    root,
    exclude: ownPaths(root, workDirectory, reportDirectory),
    maxBytesFor,
    onDirectory: (files) => {
      if (++directories % PROGRESS_EVERY === 0) progress({ files });
    },
  });
  const list = writeFileList(workDirectory, walk);
  const wanted = wantedFiles(repositoryFacts(walk.entries));
  const shards = analysers.map((analyser) => {
    const ranges = cutShards(wanted(analyser)).map((at) => ({ at, list }));
    return [analyser.name, ranges] as const;
  });
  return {
    list,
    files: walk.entries.length,
    bytes: walk.entries.reduce((sum, each) => sum + each.bytes, 0),
    leftOut: walk.leftOut.map((each) => ({ ...each, examples: [...each.examples] })),
    shards: Object.fromEntries(shards),
  };
}

/** Our own folders below the root: a report that finds the last report would never be the same twice. */
function ownPaths(root: string, workDirectory: string, reportDirectory: string): string[] {
  // work/<run> lies two levels below the data directory, whatever that is called
  const paths = [
    '.hive',
    relative(root, workDirectory),
    relative(root, dirname(dirname(workDirectory))),
  ];
  const reports = relative(root, reportDirectory);
  if (reports === '') paths.push(...Object.values(reportFiles));
  else paths.push(reports);
  return paths.filter((each) => each !== '' && !each.startsWith('..'));
}
