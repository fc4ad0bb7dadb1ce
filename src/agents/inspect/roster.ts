/**
 * The inspection's agents as data: manifests, and who looks after which analyser. Importing it costs the
 * hive nothing; the code behind it is loaded inside workers only.
 */
import { agentManifest } from '../../contract/index.ts';
import type { AgentManifest } from '../../contract/index.ts';

/** Slots per agent: enough to keep the threads of a large machine busy, few enough to share them. */
const SHARDS_AT_ONCE = 4;
const VERSION = '1.0.0';

interface Role {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly capabilities: readonly string[];
  readonly concurrency?: number;
}

function role(role: Role): AgentManifest {
  return agentManifest.parse({ version: VERSION, placement: 'thread', ...role });
}

export const surveyor = role({
  name: 'surveyor',
  type: 'analyst',
  description:
    'Lists the files of a tree, counts what they hold, and cuts them into shards for the others.',
  capabilities: ['file_inventory'],
  concurrency: SHARDS_AT_ONCE,
});

export const codeReviewer = role({
  name: 'code-reviewer',
  type: 'reviewer',
  description: 'Reads TypeScript and JavaScript: complexity, duplicated branches, dead exports.',
  capabilities: ['code_review', 'static_analysis', 'standards_enforcement'],
  concurrency: SHARDS_AT_ONCE,
});

export const secretScanner = role({
  name: 'secret-scanner',
  type: 'security',
  description: 'Finds credentials in files by entropy and by pattern; never shows them.',
  capabilities: ['secret_scan', 'security_analysis'],
  concurrency: SHARDS_AT_ONCE,
});

export const dependencyAuditor = role({
  name: 'dependency-auditor',
  type: 'security',
  description: 'Reads manifests and lock files: duplicates, licences, what is not pinned.',
  capabilities: ['dependency_audit', 'security_analysis'],
  concurrency: SHARDS_AT_ONCE,
});

export const testAuditor = role({
  name: 'test-auditor',
  type: 'tester',
  description: 'Holds tests against code: what is untested, focused, skipped or asserts nothing.',
  capabilities: ['test_audit'],
  concurrency: SHARDS_AT_ONCE,
});

export const documentationAuditor = role({
  name: 'documentation-auditor',
  type: 'reviewer',
  description: 'Reads documentation: broken relative links, missing sections.',
  capabilities: ['documentation_audit'],
  concurrency: SHARDS_AT_ONCE,
});

export const configurationAuditor = role({
  name: 'configuration-auditor',
  type: 'devops',
  description: 'Reads configuration and CI definitions for hygiene.',
  capabilities: ['configuration_audit'],
  concurrency: SHARDS_AT_ONCE,
});

export const accessibilityAuditor = role({
  name: 'accessibility-auditor',
  type: 'designer',
  description: 'Reads HTML and CSS: names, labels, contrast.',
  capabilities: ['accessibility_audit'],
  concurrency: SHARDS_AT_ONCE,
});

export const reportWriter = role({
  name: 'report-writer',
  type: 'analyst',
  description: 'Joins the findings of all agents, ranks them and writes the report.',
  capabilities: ['finding_aggregation', 'report_writing'],
});

export interface Assignment {
  /** Name of the analyser, and of its map node. */
  readonly analyser: string;
  readonly title: string;
  readonly manifest: AgentManifest;
  /** What the node asks for: the one capability that sets this agent apart. */
  readonly capability: string;
  /** The analyser has a second pass over the whole repository. */
  readonly finishes: boolean;
}

/** Every analyser of the analysis room has one assignment (tested both ways). */
export const assignments: readonly Assignment[] = [
  {
    analyser: 'inventory',
    title: 'Languages and sizes',
    manifest: surveyor,
    capability: 'file_inventory',
    finishes: true,
  },
  {
    analyser: 'dependencies',
    title: 'Dependencies',
    manifest: dependencyAuditor,
    capability: 'dependency_audit',
    finishes: true,
  },
  {
    analyser: 'secrets',
    title: 'Secrets',
    manifest: secretScanner,
    capability: 'secret_scan',
    finishes: false,
  },
  {
    analyser: 'complexity',
    title: 'Complexity',
    manifest: codeReviewer,
    capability: 'static_analysis',
    finishes: false,
  },
  {
    analyser: 'dead-exports',
    title: 'Dead exports',
    manifest: codeReviewer,
    capability: 'static_analysis',
    finishes: true,
  },
  {
    analyser: 'tests',
    title: 'Tests against code',
    manifest: testAuditor,
    capability: 'test_audit',
    finishes: true,
  },
  {
    analyser: 'documentation',
    title: 'Documentation',
    manifest: documentationAuditor,
    capability: 'documentation_audit',
    finishes: true,
  },
  {
    analyser: 'configuration',
    title: 'Configuration and CI',
    manifest: configurationAuditor,
    capability: 'configuration_audit',
    finishes: false,
  },
  {
    analyser: 'accessibility',
    title: 'Accessibility',
    manifest: accessibilityAuditor,
    capability: 'accessibility_audit',
    finishes: false,
  },
];
