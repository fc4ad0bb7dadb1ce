/** Runs the inspection's graph through a runner, in order and without a store: what tests and measurements use. */
import type { AgentRunner, AttemptOutcome, Json } from '../../contract/index.ts';
import { graph as graphSchema } from '../../contract/index.ts';
import type { WorkNode } from '../../contract/index.ts';
import { testAttempt, testHost } from '../hosting/test-attempt.ts';
import { inspectGraph } from './inspect-graph.ts';
import type { InspectOptions } from './inspect-graph.ts';

export interface InspectionRun {
  readonly results: Readonly<Record<string, Json>>;
  readonly outcomes: readonly { readonly node: string; readonly outcome: AttemptOutcome }[];
}

export interface RunRequest extends InspectOptions {
  readonly runner: AgentRunner;
  /** Called between nodes: a test may disturb the work here. */
  readonly onNode?: (node: string, results: Record<string, Json>) => void;
}

export async function runInspection({
  runner,
  onNode,
  ...options
}: RunRequest): Promise<InspectionRun> {
  const results: Record<string, Json> = {};
  const outcomes: { node: string; outcome: AttemptOutcome }[] = [];
  const work = async (node: WorkNode, input: Json): Promise<Json> => {
    const agent = runner
      .manifests()
      .find((each) => node.capabilities.every((needed) => each.capabilities.includes(needed)));
    const attempt = testAttempt(agent?.name ?? 'none', { input, timeoutMs: node.timeoutMs });
    const outcome = await runner.run(attempt, testHost());
    outcomes.push({ node: node.id, outcome });
    return outcome.status === 'succeeded' ? (JSON.parse(outcome.result) as Json) : null;
  };
  for (const node of graphSchema.parse(inspectGraph(options)).nodes) {
    if (node.kind !== 'agent' && node.kind !== 'map') continue; // the inspection has no others
    onNode?.(node.id, results);
    if (node.kind === 'agent') {
      const from = Object.fromEntries(node.after.map((each) => [each, results[each] ?? null]));
      results[node.id] = await work(node, { input: node.input as Json, from, run: 'run_1' });
      continue;
    }
    const items = listAt(results[node.over ?? ''], node.items);
    results[node.id] = await Promise.all(
      items.map((item, index) =>
        work(node, { input: node.input as Json, item, index, run: 'run_1' }),
      ),
    );
  }
  return { results, outcomes };
}

function listAt(result: Json | undefined, path: string): readonly Json[] {
  let value: unknown = result;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | null)?.[key];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
