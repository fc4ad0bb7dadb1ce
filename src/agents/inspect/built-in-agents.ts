/** The agents that every hive has, as sources for the runner. Loads none of their code. */
import type { AgentManifest } from '../../contract/index.ts';
import type { AgentSource } from '../hosting/agent-source.ts';
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
} from './roster.ts';

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

export function builtInAgents(): AgentSource[] {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'; // the compiled package has no .ts
  const module = new URL(`worker-agents.${extension}`, import.meta.url).href;
  return Object.entries(manifests).map(([exportName, manifest]) => ({
    placement: 'thread',
    manifest,
    module,
    exportName,
  }));
}
