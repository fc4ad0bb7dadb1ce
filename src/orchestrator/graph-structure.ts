// The rules of a graph that a schema cannot say, but for its expressions: ids, names, cycles, and what each kind of node may name.

import { graphLimits } from '../contract/index.ts';
import { findCycles } from './graph-cycles.ts';
import { fixFor } from './graph-problem.ts';
import type { GraphProblem } from './graph-problem.ts';
import { dependencies, field, nodeProblem } from './graph-sketch.ts';
import type { NodeSketch } from './graph-sketch.ts';

type Place = readonly (string | number)[];
/** Kinds that a map cannot work on, and why. */
const withoutList = new Map<unknown, string>([
  ['join', 'has no result'],
  ['compensate', 'runs only when the run ends badly'],
  ['decision', 'gives the nodes that it takes, not a list'],
]);

export function structureProblems(
  sketches: readonly NodeSketch[],
  output: unknown,
): GraphProblem[] {
  if (sketches.length === 0) return [];
  const rules = new StructureRules(sketches);
  for (const sketch of sketches) rules.checkNode(sketch);
  rules.checkGraph(output);
  return rules.problems;
}

class StructureRules {
  readonly problems: GraphProblem[] = [];
  private readonly sketches: readonly NodeSketch[];
  private readonly byId = new Map<string, NodeSketch>();
  private readonly undone = new Map<string, string>();

  constructor(sketches: readonly NodeSketch[]) {
    this.sketches = sketches;
    for (const sketch of sketches) {
      if (!this.byId.has(sketch.id)) this.byId.set(sketch.id, sketch);
      else this.add(sketch, ['id'], 'this id is used twice; give each node its own id');
    }
  }

  checkNode(sketch: NodeSketch): void {
    this.checkAfter(sketch);
    if (sketch.over !== undefined) this.checkOver(sketch, sketch.over);
    if (sketch.undoes !== undefined) this.checkUndoes(sketch, sketch.undoes);
    this.checkTargets(sketch);
    this.checkForm(sketch);
  }

  checkGraph(output: unknown): void {
    const before = dependencies(this.sketches);
    let edges = 0;
    for (const own of before.values()) edges += own.length;
    if (edges > graphLimits.edges)
      this.addToGraph(
        ['nodes'],
        `${edges} dependencies; the limit is ${graphLimits.edges}; put a join node where many nodes wait for the same ones`,
      );
    if (typeof output === 'string') this.checkOutput(output);
    if (this.sketches.every(({ kind }) => kind === 'compensate'))
      this.addToGraph(['nodes'], 'it has compensate nodes only; add the nodes that they undo');
    for (const cycle of findCycles(before)) {
      const first = this.byId.get(cycle[0] ?? '');
      if (first !== undefined) this.add(first, ['after'], cycleProblem(cycle));
    }
  }

  private add(sketch: NodeSketch, rest: Place, what: string): void {
    this.problems.push(nodeProblem(sketch, rest, what));
  }

  private addToGraph(path: Place, what: string): void {
    this.problems.push({ path, nodes: [], what });
  }

  private unknown(id: string): string {
    return `"${id}", which does not exist; ${fixFor(id, this.byId.keys())}`;
  }

  private checkAfter(sketch: NodeSketch): void {
    for (const id of new Set(sketch.after)) {
      const at: Place = ['after', sketch.after.indexOf(id)];
      const found = this.byId.get(id);
      if (found === undefined) this.add(sketch, at, `after names ${this.unknown(id)}`);
      else if (found.kind === 'compensate')
        this.add(
          sketch,
          at,
          `after names the compensate node "${id}", which runs only when the run ends badly; remove it`,
        );
    }
  }

  private checkOver(sketch: NodeSketch, over: string): void {
    const found = this.byId.get(over);
    if (found === undefined) return this.add(sketch, ['over'], `over names ${this.unknown(over)}`);
    const why = withoutList.get(found.kind);
    if (why === undefined) return;
    this.add(
      sketch,
      ['over'],
      `over names the ${String(found.kind)} node "${over}", which ${why}; name the agent or map node that gives the list`,
    );
  }

  private checkUndoes(sketch: NodeSketch, undoes: string): void {
    const found = this.byId.get(undoes);
    if (found === undefined)
      return this.add(sketch, ['undoes'], `undoes names ${this.unknown(undoes)}`);
    if (found.kind === 'join' || found.kind === 'compensate')
      return this.add(
        sketch,
        ['undoes'],
        `undoes names the ${found.kind} node "${undoes}", which does nothing that can be undone; name a node that does work`,
      );
    const other = this.undone.get(undoes);
    if (other === undefined) this.undone.set(undoes, sketch.id);
    else
      this.add(
        sketch,
        ['undoes'],
        `"${undoes}" is undone by "${other}" already; let one of the two do both`,
      );
  }

  private checkTargets(sketch: NodeSketch): void {
    const told = new Set<string>();
    for (const { id, path } of sketch.targets) {
      if (told.has(id)) continue;
      told.add(id);
      const found = this.byId.get(id);
      if (found === undefined) this.add(sketch, path, `it may take ${this.unknown(id)}`);
      else if (found.kind === 'compensate')
        this.add(
          sketch,
          path,
          `it may take the compensate node "${id}", which runs only when the run ends badly; name another node`,
        );
    }
  }

  /** Fields that go together. */
  private checkForm(sketch: NodeSketch): void {
    const given = (names: readonly string[]): string[] =>
      names.filter((name) => field(sketch.raw, name) !== undefined);
    const oneOf = (names: readonly string[]): void => {
      const found = given(names);
      if (found.length === 1) return;
      const all = names.map(asWritten).join(', ');
      const what =
        found.length === 0
          ? `it has none of ${all}`
          : `it has ${found.map(asWritten).join(' and ')}`;
      this.add(sketch, found.slice(-1), `${what}; give exactly one of ${all}`);
    };
    if (sketch.kind === 'wait') {
      oneOf(['forMs', 'until', 'event']);
      if (given(['timeoutMs']).length > 0 && given(['event']).length === 0)
        this.add(
          sketch,
          ['timeoutMs'],
          'timeoutMs is for a wait for an event only; remove it, or wait for an event',
        );
    }
    if (sketch.kind === 'workflow') oneOf(['graph', 'graphFrom']);
    if (sketch.kind === 'approval' && given(['escalate', 'deadlineMs']).join() === 'escalate')
      this.add(
        sketch,
        ['escalate'],
        'escalate needs deadlineMs: it says when the second person is asked; add it',
      );
  }

  private checkOutput(output: string): void {
    const found = this.byId.get(output);
    if (found === undefined) this.addToGraph(['output'], `output names ${this.unknown(output)}`);
    else if (found.kind === 'compensate')
      this.addToGraph(
        ['output'],
        `output names the compensate node "${output}", which runs only when the run ends badly; name another node`,
      );
  }
}

/** As people write it in a file, beside its name in code. */
const asWritten = (name: string): string => (name === 'forMs' ? 'for (in code: forMs)' : name);

function cycleProblem(cycle: readonly string[]): string {
  const [first = '', second] = cycle;
  if (second === undefined) return `it waits for itself; remove "${first}" from its after`;
  return `it waits for itself by ${[...cycle, first].join(' > ')} (read > as "waits for"); remove one of these dependencies`;
}
