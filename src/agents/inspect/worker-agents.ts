/** The inspection's agents, loaded inside workers by the names of these exports (see built-in-agents). */
import { z } from 'zod';
import type { AgentManifest } from '../../contract/index.ts';
import { defineAgent } from '../authoring/define-agent.ts';
import type { AgentDefinition } from '../authoring/define-agent.ts';
import { analyseShard, analyseWhole } from './analyse.ts';
import {
  analyserInput,
  analyserResult,
  reportInput,
  reportResult,
  surveyInput,
  surveyResult,
} from './inspect-schemas.ts';
import * as roster from './roster.ts';
import { survey } from './survey.ts';
import { writeReport } from './write-report.ts';

export const surveyor = defineAgent({
  ...roster.surveyor,
  input: z.union([analyserInput, surveyInput]),
  output: z.union([analyserResult, surveyResult]),
  execute: ({ input, progress }) => {
    if ('item' in input) return analyseShard(input);
    return 'from' in input ? analyseWhole(input) : survey(input.input, progress);
  },
});

export const codeReviewer = auditor(roster.codeReviewer);
export const secretScanner = auditor(roster.secretScanner);
export const dependencyAuditor = auditor(roster.dependencyAuditor);
export const testAuditor = auditor(roster.testAuditor);
export const documentationAuditor = auditor(roster.documentationAuditor);
export const configurationAuditor = auditor(roster.configurationAuditor);
export const accessibilityAuditor = auditor(roster.accessibilityAuditor);

export const reportWriter = defineAgent({
  ...roster.reportWriter,
  input: reportInput,
  output: reportResult,
  execute: ({ input }) => writeReport(input),
});

function auditor(manifest: AgentManifest): AgentDefinition {
  return defineAgent({
    ...manifest,
    input: analyserInput,
    output: analyserResult,
    execute: ({ input }) => ('item' in input ? analyseShard(input) : analyseWhole(input)),
  });
}
