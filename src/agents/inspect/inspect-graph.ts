/**
 * The inspection as an ordinary workflow: inventory > one map node per analyser (parallel, one task per
 * shard) > a second pass for analysers that need the whole repository > report.
 * Everything a task needs is in the graph, so a run goes on after a restart of the hive.
 */
import type { GraphInput } from '../../contract/index.ts';
import { assignments } from './roster.ts';
import type { Assignment } from './roster.ts';

export interface InspectOptions {
  /** Absolute and canonical path of the directory to look at. Never written to. */
  readonly root: string;
  /** Absolute; gets report.md, report.json and report.sarif. */
  readonly reportDirectory: string;
  /** Absolute; intermediate files of this run alone. May be removed when the run has ended. */
  readonly workDirectory: string;
  /** Printed in the report. */
  readonly toolVersion: string;
}

/** A shard of 200 files takes about a second; a hostile one must not hold a worker for long. */
const SHARD_TIMEOUT_MS = 120_000;
/** 100,000 files on a slow disk. */
const WHOLE_TIMEOUT_MS = 600_000;

export const nodeNames = {
  inventory: 'inventory',
  shards: (analyser: string): string => `${analyser}-shards`,
  whole: (analyser: string): string => `${analyser}-whole`,
  report: 'report',
} as const;

export function inspectGraph(options: InspectOptions): GraphInput {
  const { root, reportDirectory, workDirectory, toolVersion } = options;
  const place = { root, workDirectory };
  const analyserNodes = assignments.flatMap((each) => nodesOf(each, place));
  return {
    name: 'inspect',
    version: '1',
    nodes: [
      {
        kind: 'agent',
        id: nodeNames.inventory,
        title: 'Inventory',
        capabilities: ['file_inventory'],
        timeoutMs: WHOLE_TIMEOUT_MS,
        input: { ...place, reportDirectory },
      },
      ...analyserNodes,
      {
        kind: 'agent',
        id: nodeNames.report,
        title: 'Report',
        capabilities: ['report_writing'],
        after: [nodeNames.inventory, ...analyserNodes.map((each) => each.id)],
        timeoutMs: WHOLE_TIMEOUT_MS,
        input: { ...place, reportDirectory, toolVersion },
      },
    ],
    output: nodeNames.report,
  };
}

type Nodes = GraphInput['nodes'];

function nodesOf(
  { analyser, title, capability, finishes }: Assignment,
  place: { root: string; workDirectory: string },
): Nodes {
  const shards = nodeNames.shards(analyser);
  // a broken analyser is a gap in the report, which says so, not the end of the inspection
  const common: Pick<Nodes[number] & { kind: 'map' }, 'capabilities' | 'onFailure'> = {
    capabilities: [capability],
    onFailure: 'continue',
  };
  const map: Nodes[number] = {
    kind: 'map',
    id: shards,
    title,
    over: nodeNames.inventory,
    items: `shards.${analyser}`,
    after: [nodeNames.inventory],
    timeoutMs: SHARD_TIMEOUT_MS,
    input: { ...place, analyser },
    ...common,
  };
  if (!finishes) return [map];
  const whole: Nodes[number] = {
    kind: 'agent',
    id: nodeNames.whole(analyser),
    title: `${title}, whole repository`,
    after: [nodeNames.inventory, shards],
    timeoutMs: WHOLE_TIMEOUT_MS,
    input: { ...place, analyser, pass: 'whole' },
    ...common,
  };
  return [map, whole];
}
