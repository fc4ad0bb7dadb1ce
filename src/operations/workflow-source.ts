/** The graph that a request names: the text of a workflow file, a graph made by a program, or agents in one of three shapes. */
import { FLOW_CAPABILITY, hiveError } from '../contract/index.ts';
import type { Graph, GraphInput, OperationInput } from '../contract/index.ts';
import { nearest } from '../kernel/index.ts';
import type { HivePort } from './hive-port.ts';
import type { OperationContext } from './operation.ts';
import { readAgents } from './read-agents.ts';

type StartInput = OperationInput<'run.start'>;
type Source = OperationInput<'workflow.validate'>['workflow'];

/** The checked graph of a file's text or of a program. Throws GRAPH_INVALID. */
export function sourceGraph(hive: HivePort, source: Source): Graph {
  return 'text' in source
    ? hive.readWorkflow(source.text, { file: source.file }).graph
    : hive.checkGraph(source.graph);
}

/** The graph to start. Throws GRAPH_INVALID, INPUT_INVALID (nothing to do), AGENT_UNKNOWN. */
export async function graphToStart(
  context: OperationContext,
  { workflow, task, agents, strategy, timeoutMs }: StartInput,
): Promise<Graph | GraphInput> {
  const graph =
    workflow === undefined
      ? await agentsGraph(context, { task, agents, strategy })
      : sourceGraph(context.hive, workflow);
  return timeoutMs === undefined ? graph : { ...graph, timeoutMs };
}

async function agentsGraph(
  context: OperationContext,
  { task, agents, strategy }: Pick<StartInput, 'task' | 'agents' | 'strategy'>,
): Promise<GraphInput> {
  if (task === undefined || agents === undefined) {
    throw hiveError('INPUT_INVALID', {
      message: 'say what to run: a workflow, or a task with the agents that work on it',
      details: { fix: ['hive run start "<task>" --agents a,b', 'hive workflow run <file>'] },
    });
  }
  await checkAgents(context, agents);
  return context.hive.strategyGraph({ task, agents, strategy });
}

/** Throws AGENT_UNKNOWN that names every unknown agent, the nearest known ones and all that there are. */
async function checkAgents(context: OperationContext, wanted: readonly string[]): Promise<void> {
  // The hive's own agent does the control nodes of a workflow and nothing else.
  const agents = (await readAgents(context)).filter(
    ({ capabilities }) => !capabilities.includes(FLOW_CAPABILITY),
  );
  const known = [...new Set(agents.map(({ name }) => name))];
  const unknown = [...new Set(wanted)].filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const guesses = unknown.flatMap((name) => {
    const near = nearest(name, known);
    return near === undefined ? [] : [`did you mean ${near} instead of ${name}?`];
  });
  throw hiveError('AGENT_UNKNOWN', {
    message: `no agent is called ${unknown.join(', ')}`,
    details: {
      unknown,
      known,
      fix: [...guesses, `agents of this hive: ${known.join(', ') || 'none'}`],
    },
  });
}

/** As much as a list shows in one line. */
const TITLE_CHARS = 200;

/** A long task makes a cut title, not a refused run. */
export const runTitle = (text: string): string =>
  text.length <= TITLE_CHARS ? text : `${text.slice(0, TITLE_CHARS - 1)}…`;
