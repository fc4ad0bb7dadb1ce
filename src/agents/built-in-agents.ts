/** The agents that every hive has, as sources for the runner. Loads none of the code that runs in workers. */
import type { AgentManifest } from '../contract/index.ts';
import { flowAgent } from './flow/flow-agent.ts';
import { aggregateAgent, echoAgent } from './flow/plain-agents.ts';
import { inlineSource } from './hosting/agent-source.ts';
import type { AgentSource } from './hosting/agent-source.ts';
import { inspectAgent } from './inspect/inspect-agent.ts';
import type { InspectPlaces } from './inspect/inspect-agent.ts';
import {
  accessibilityAuditor,
  codeReviewer,
  configurationAuditor,
  dependencyAuditor,
  documentationAuditor,
  reportWriter,
  secretScanner,
  surveyor,
  testAuditor,
} from './inspect/roster.ts';

/** By the names of worker-agents' exports. */
const manifests: Readonly<Record<string, AgentManifest>> = {
  surveyor,
  codeReviewer,
  secretScanner,
  dependencyAuditor,
  testAuditor,
  documentationAuditor,
  configurationAuditor,
  accessibilityAuditor,
  reportWriter,
};

/** `places`: of the hive's files; without them nobody can inspect by the `inspect` agent. */
export function builtInAgents(places?: InspectPlaces): AgentSource[] {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'; // the compiled package has no .ts
  const module = new URL(`inspect/worker-agents.${extension}`, import.meta.url).href;
  const inspectors = Object.entries(manifests).map(([exportName, manifest]): AgentSource => ({
    placement: 'thread',
    manifest,
    module,
    exportName,
  }));
  return [
    inlineSource(flowAgent),
    inlineSource(echoAgent),
    inlineSource(aggregateAgent),
    ...(places === undefined ? [] : [inlineSource(inspectAgent(places))]),
    ...inspectors,
  ];
}
