// Starts a run as the API does: the graph is checked, the call is audited.

import type { Hive } from '../../src/app/index.ts';
import type { GraphInput, RunId } from '../../src/contract/index.ts';

export async function startRun(
  hive: Hive,
  graph: GraphInput,
  over: { id?: RunId; inputJson?: string } = {},
): Promise<RunId> {
  const { runId } = await hive.orchestrator.startRun({
    tenant: 1,
    project: 1,
    graph,
    title: graph.name,
    inputJson: '{}',
    audit: { actor: 'bench', action: 'run.start', data: {} },
    ...over,
  });
  return runId;
}

/** One number from the store. */
export async function readNumber(hive: Hive, sql: string): Promise<number> {
  const [row] = await hive.store.read<{ n: number }>('system', { sql, parameters: [] });
  return Number(row?.n);
}

/** Resolves when the query gives this number. */
export async function waitForNumber(hive: Hive, sql: string, wanted: number): Promise<void> {
  while ((await readNumber(hive, sql)) !== wanted)
    await new Promise((resolve) => setTimeout(resolve, 20));
}
