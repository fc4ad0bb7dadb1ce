// From what people write in a workflow file to the graph that it means: names of agents, durations as text, named workflows, single names instead
// of lists, kinds that go without saying. What it does not know it leaves alone: the graph's own check says what is wrong with it.
//
// W1 Everything made here remembers where it came from, so that a problem of the graph can be told at its line in the file. W2 A named workflow that
// uses itself is refused.

import { fixFor } from './graph-problem.ts';
import { field } from './graph-sketch.ts';
import { parseDuration } from './parse-duration.ts';
import type { SourcePath } from './workflow-source.ts';

type Fields = Record<string, unknown>;
interface Origin {
  path: SourcePath;
  /** Fields that were made from one of another name. */
  renamed: ReadonlyMap<string, string>;
}
export interface ShorthandProblem {
  path: SourcePath;
  what: string;
}
export interface ExpandedWorkflow {
  graph: unknown;
  problems: readonly ShorthandProblem[];
  /** Path in the graph -> path in the file. */
  sourceOf(path: SourcePath): SourcePath;
}

const DURATIONS: Readonly<Record<string, string>> = {
  for: 'forMs',
  timeout: 'timeoutMs',
  deadline: 'deadlineMs',
  runTimeout: 'timeoutMs',
};
/** The first of these fields that a node has tells its kind. */
const KIND_BY_FIELD: readonly [string, string][] = [
  ['choices', 'decision'],
  ['undoes', 'compensate'],
  ['over', 'map'],
  ['items', 'map'],
  ['body', 'loop'],
  ['max', 'loop'],
  ['workflow', 'workflow'],
  ['graph', 'workflow'],
  ['graphFrom', 'workflow'],
  ['message', 'approval'],
  ['for', 'wait'],
  ['forMs', 'wait'],
  ['event', 'wait'],
  ['argv', 'command'],
  ['mode', 'join'],
  ['agent', 'agent'],
  ['capabilities', 'agent'],
];

/** `value` is what stands in the file. */
export function expandShorthand(value: unknown): ExpandedWorkflow {
  const expansion = new Expansion(field(value, 'workflows'));
  const graph = expansion.graph(value, []);
  return {
    graph,
    problems: expansion.problems,
    sourceOf: (path) => expansion.sourceOf(graph, path),
  };
}

class Expansion {
  readonly problems: ShorthandProblem[] = [];
  private readonly origins = new WeakMap<object, Origin>();
  private readonly named: unknown;
  private readonly done = new Map<string, unknown>();
  private readonly open: string[] = [];

  constructor(named: unknown) {
    this.named = named;
  }

  graph(value: unknown, path: SourcePath): unknown {
    if (!isFields(value)) return value;
    const { workflows, ...rest } = value;
    if (path.length === 0 && workflows !== undefined && !isFields(workflows))
      this.add(
        ['workflows'],
        'workflows is a list of named workflows: `workflows: {name: {nodes: [...]}}`',
      );
    const made = this.withDurations(path.length === 0 ? rest : value, path);
    const { nodes } = made;
    if (Array.isArray(nodes)) {
      const list = (nodes as readonly unknown[]).map((node, at) =>
        this.node(node, [...path, 'nodes', at]),
      );
      made['nodes'] = list;
    }
    return made;
  }

  sourceOf(root: unknown, path: SourcePath): SourcePath {
    let value: unknown = root;
    let source: SourcePath = [];
    for (const key of path) {
      const origin =
        typeof value === 'object' && value !== null ? this.origins.get(value) : undefined;
      if (origin !== undefined) ({ path: source } = origin);
      source = [...source, origin?.renamed.get(String(key)) ?? key];
      value = field(value, String(key));
    }
    const origin =
      typeof value === 'object' && value !== null ? this.origins.get(value) : undefined;
    return origin?.path ?? source;
  }

  private add(path: SourcePath, what: string): void {
    this.problems.push({ path, what });
  }

  private node(value: unknown, path: SourcePath): unknown {
    if (!isFields(value)) return value;
    const made = this.withDurations(value, path);
    made['kind'] ??= KIND_BY_FIELD.find(([name]) => value[name] !== undefined)?.[1];
    if (made['kind'] === undefined) delete made['kind'];
    for (const name of ['after', 'otherwise']) this.toList(made, name);
    this.expandAgent(made, path);
    this.expandWorkflow(made, path);
    if (Array.isArray(made['choices']))
      made['choices'] = (made['choices'] as readonly unknown[]).map((choice, at) => {
        if (!isFields(choice)) return choice;
        const copy = this.copyOf(choice, [...path, 'choices', at]);
        this.toList(copy, 'to');
        return copy;
      });
    if (isFields(made['escalate']))
      made['escalate'] = this.withDurations(made['escalate'], [...path, 'escalate']);
    for (const inner of ['graph', 'body'])
      if (isFields(made[inner]) && value[inner] !== undefined)
        made[inner] = this.graph(this.withName(made[inner], String(value['id'])), [...path, inner]);
    return made;
  }

  /** `agent: name` needs the agent of that name. */
  private expandAgent(made: Fields, path: SourcePath): void {
    const { agent, capabilities } = made;
    if (agent === undefined) return;
    delete made['agent'];
    if (typeof agent !== 'string')
      return this.add([...path, 'agent'], 'agent is the name of one agent; give a name');
    made['capabilities'] = [
      `agent:${agent}`,
      ...(Array.isArray(capabilities) ? (capabilities as unknown[]) : []),
    ];
    this.rename(made, 'capabilities', 'agent');
  }

  /** `workflow: name` stands for the graph of that name. */
  private expandWorkflow(made: Fields, path: SourcePath): void {
    const { workflow: name, kind } = made;
    if (name === undefined || (kind !== 'workflow' && kind !== 'loop')) return;
    delete made['workflow'];
    const inner = kind === 'loop' ? 'body' : 'graph';
    const at = [...path, 'workflow'];
    if (made[inner] !== undefined)
      return this.add(at, `it has both workflow and ${inner}; remove one of them`);
    made[inner] = this.namedGraph(name, at);
    this.rename(made, inner, 'workflow');
  }

  private namedGraph(name: unknown, at: SourcePath): unknown {
    const found = typeof name === 'string' ? field(this.named, name) : undefined;
    if (typeof name !== 'string' || found === undefined) {
      const names = isFields(this.named) ? Object.keys(this.named) : [];
      this.add(
        at,
        `there is no workflow ${JSON.stringify(name)} under \`workflows:\`; ${names.length === 0 ? 'add it there' : fixFor(String(name), names).replace('the node', 'the workflow')}`,
      );
      return PLACEHOLDER;
    }
    if (this.open.includes(name)) {
      const circle = [...this.open.slice(this.open.indexOf(name)), name].join(' > ');
      this.add(
        at,
        `the workflow "${name}" uses itself by ${circle}; use a loop node for repetition`,
      );
      return PLACEHOLDER;
    }
    if (this.done.has(name)) return this.done.get(name);
    this.open.push(name);
    const made = this.graph(this.withName(found, name), ['workflows', name]);
    this.open.pop();
    this.done.set(name, made);
    return made;
  }

  private withName(value: unknown, name: string): unknown {
    return isFields(value) && value['name'] === undefined
      ? { ...value, name: name.slice(0, 100) }
      : value;
  }

  private copyOf(value: Fields, path: SourcePath): Fields {
    const copy = { ...value };
    this.origins.set(copy, { path, renamed: new Map() });
    return copy;
  }

  private rename(made: Fields, to: string, from: string): void {
    const origin = this.origins.get(made);
    if (origin !== undefined)
      this.origins.set(made, { ...origin, renamed: new Map([...origin.renamed, [to, from]]) });
  }

  private withDurations(value: Fields, path: SourcePath): Fields {
    const made = this.copyOf(value, path);
    for (const [from, to] of Object.entries(DURATIONS)) {
      const text = made[from];
      if (text === undefined) continue;
      delete made[from];
      const ms = typeof text === 'string' ? parseDuration(text) : undefined;
      if (made[to] !== undefined)
        this.add([...path, from], `it has both ${from} and ${to}; remove one of them`);
      else if (ms === undefined)
        this.add(
          [...path, from],
          `${from}: ${JSON.stringify(text).slice(0, 50)} is no duration; write a number with its unit: 30s, 5m, 2h or 3d`,
        );
      else {
        made[to] = ms;
        this.rename(made, to, from);
      }
      if (made[to] === undefined && to === 'forMs') made[to] = 1; // told already; without it the node would be told to wait for nothing
    }
    return made;
  }

  private toList(made: Fields, name: string): void {
    if (typeof made[name] === 'string') made[name] = [made[name]];
  }
}

/** Stands where a workflow is missing, so that this is told once. */
const PLACEHOLDER = {
  name: 'missing',
  nodes: [{ kind: 'wait', id: 'missing', forMs: 1 }],
};

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
