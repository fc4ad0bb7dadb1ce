/**
 * The inspection as one agent, so that a workflow or another agent can ask for it: checks the path and runs
 * the inspection's graph as a child run.
 * I1: intermediate files lie under the run that asked, where the hive's sweep finds them if this task never
 * ends well. I2: the path is resolved once and recorded: a link that moves later changes nothing.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { stopError } from '../authoring/author-errors.ts';
import { defineAgent } from '../authoring/define-agent.ts';
import type { AgentDefinition } from '../authoring/define-agent.ts';
import { canonicalDirectory } from './canonical-directory.ts';
import { inspectGraph } from './inspect-graph.ts';
import type { InspectOptions } from './inspect-graph.ts';

/** Where this hive keeps the files of inspections. */
export interface InspectPlaces extends Pick<InspectOptions, 'toolVersion'> {
  /** Absolute; intermediate files, in one folder per run. */
  readonly workDirectory: string;
  /** Absolute; reports, in one folder per task. */
  readonly reportsDirectory: string;
}

const MAX_TITLE_CHARS = 100;
const TASKS_AT_ONCE = 200;

export function inspectAgent(places: InspectPlaces): AgentDefinition {
  return defineAgent({
    name: 'inspect',
    type: 'analyst',
    version: '1.0.0',
    description: 'Inspects a directory with all analysers and writes a report.',
    capabilities: ['repository.inspect'],
    placement: 'inline',
    concurrency: TASKS_AT_ONCE,
    input: z.union([z.object({ path: z.string() }), z.object({ task: z.string() })]),
    execute: async ({ input, runId, taskId, step, run }) => {
      const root = await step('path', () => canonicalDirectory(pathIn(input)));
      const reportDirectory = path.join(places.reportsDirectory, taskId);
      const workDirectory = path.join(places.workDirectory, runId, taskId);
      const { toolVersion } = places;
      try {
        return await run({
          title: `Inspect ${root}`.slice(0, MAX_TITLE_CHARS),
          graph: inspectGraph({ root, reportDirectory, workDirectory, toolVersion }),
          input: { path: root, reportDirectory },
        });
      } finally {
        await step('clean up', () => rm(workDirectory, { recursive: true, force: true }));
      }
    },
  });
}

/** The path, or the first absolute path in the words of a task. Throws AGENT_STOPPED. */
function pathIn(input: { path: string } | { task: string }): string {
  if ('path' in input) return input.path;
  const found = input.task.split(/\s+/u).find((word) => path.isAbsolute(word));
  if (found !== undefined) return found;
  throw stopError(`"${input.task.slice(0, 200)}" names no absolute path: say which directory`);
}
