/** An auditor's work: one shard of one analyser, or its pass over the whole. */
import type { z } from 'zod';
import { analyserByName } from '../../analysis/index.ts';
import type { Analyser } from '../../analysis/index.ts';
import { stopError } from '../authoring/author-errors.ts';
import { nodeNames } from './inspect-graph.ts';
import { surveyResult } from './inspect-schemas.ts';
import type { analyserResult, shardInput, wholeInput } from './inspect-schemas.ts';
import { readFileList } from './work/file-list.ts';
import type { FileList } from './work/file-list.ts';
import { shardPart, wholePart } from './work/make-part.ts';
import { readPart, writePart } from './work/part-file.ts';
import type { Part } from './work/part-file.ts';

type Result = z.infer<typeof analyserResult>;
type Survey = z.infer<typeof surveyResult>;

export function analyseShard({ input, item, index }: z.infer<typeof shardInput>): Result {
  const { root, workDirectory } = input;
  const analyser = analyserNamed(input.analyser);
  const list = readFileList(workDirectory, item.list);
  const part = shardPart({ root, analyser, list, at: item.at });
  writePart({ workDirectory, analyser: analyser.name, part: index }, part);
  return summary(part, item.at[1] - item.at[0]);
}

export function analyseWhole({ input, from }: z.infer<typeof wholeInput>): Result {
  const { root, workDirectory } = input;
  const analyser = analyserNamed(input.analyser);
  const survey = surveyOf(from);
  const list = readFileList(workDirectory, survey.list);
  const parts = shardParts({ root, workDirectory, analyser, list, survey, from });
  const missing = parts.filter((each) => each === undefined).length;
  if (missing > 0) {
    // what is absent from some files cannot be told from what was not looked at
    const gap = `${missing} of ${parts.length} shards failed: no statement about the whole`;
    return { findings: 0, omitted: 0, files: 0, unread: 0, gap };
  }
  const part = wholePart(
    analyser,
    list,
    parts.filter((each) => each !== undefined),
  );
  writePart({ workDirectory, analyser: analyser.name, part: 'whole' }, part);
  return summary(part, list.wanted(analyser).length);
}

export interface ShardParts {
  readonly root: string;
  readonly workDirectory: string;
  readonly analyser: Analyser;
  readonly list: FileList;
  readonly survey: Survey;
  /** Results of the nodes before. */
  readonly from: Readonly<Record<string, unknown>>;
}

/** The parts of an analyser's shards in order; undefined where the task failed. A lost file is made again. */
export function shardParts(request: ShardParts): (Part | undefined)[] {
  const { root, workDirectory, analyser, list, survey, from } = request;
  const results = from[nodeNames.shards(analyser.name)];
  return (survey.shards[analyser.name] ?? []).map(({ at }, index) => {
    const result: unknown = Array.isArray(results) ? results[index] : null;
    if (result === null || result === undefined) return undefined;
    const place = { workDirectory, analyser: analyser.name, part: index };
    return readPart(place, list.digest) ?? shardPart({ root, analyser, list, at });
  });
}

/** The inventory's result among the results of the nodes before. */
export function surveyOf(from: Readonly<Record<string, unknown>>): Survey {
  const parsed = surveyResult.safeParse(from[nodeNames.inventory]);
  if (parsed.success) return parsed.data;
  throw stopError('the result of the inventory is missing; start a new inspection');
}

export function analyserNamed(name: string): Analyser {
  const found = analyserByName(name);
  if (found !== undefined) return found;
  throw stopError(`there is no analyser "${name}"; start a new inspection`);
}

function summary(part: Part, files: number): Result {
  return {
    findings: part.findings.length,
    omitted: part.omitted.reduce((sum, [, count]) => sum + count, 0),
    files,
    unread: part.unread.length,
  };
}
