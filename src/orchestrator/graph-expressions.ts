// The expressions of a graph: which a node has, what they may read, and whether that will be there.

import { checkExpression, referencedFields } from '../kernel/expressions.ts';
import { fixFor } from './graph-problem.ts';
import type { GraphProblem } from './graph-problem.ts';
import { dependencies, field, nodeProblem } from './graph-sketch.ts';
import type { NodeSketch } from './graph-sketch.ts';

/** What every expression of a workflow may read. */
export const expressionVariables = ['input', 'from', 'run'] as const;
/** What the `inputs` of a map may read beside. */
export const itemVariables = [...expressionVariables, 'item', 'index'] as const;
/** What the `until` of a loop may read beside. */
export const loopVariables = [...expressionVariables, 'last', 'iteration'] as const;

interface Expression {
  path: readonly (string | number)[];
  text: string;
  variables: readonly string[];
}

export function expressionProblems(sketches: readonly NodeSketch[]): GraphProblem[] {
  const before = dependencies(sketches);
  const byId = new Map(sketches.map((sketch) => [sketch.id, sketch]));
  const problems: GraphProblem[] = [];
  for (const sketch of sketches) {
    let reached: ReadonlySet<string> | undefined;
    for (const { path, text, variables } of expressionsOf(sketch)) {
      const add = (what: string): unknown =>
        problems.push(nodeProblem(sketch, path, `${path.join('.')}: ${what}`));
      const wrong = checkExpression(text, variables);
      if (wrong.length > 0) {
        const known = variables.join(', ');
        add(
          `the expression \`${text.slice(0, 200)}\` is wrong: ${wrong.join('; ')}; it may read ${known}`,
        );
        continue;
      }
      for (const id of referencedFields(text, 'from')) {
        reached ??= allBefore(sketch.id, before);
        const what = fromProblem(id, { sketch, byId, reached });
        if (what !== undefined) add(what);
      }
    }
  }
  return problems;
}

function expressionsOf({ kind, raw }: NodeSketch): Expression[] {
  const found: Expression[] = [];
  const add = (value: unknown, path: (string | number)[], variables: readonly string[]): void => {
    if (typeof value === 'string' && value !== '') found.push({ path, text: value, variables });
  };
  const plain = (name: string): void => add(field(raw, name), [name], expressionVariables);
  const record = (name: string, variables: readonly string[]): void => {
    const fields = field(raw, name);
    if (typeof fields !== 'object' || fields === null) return;
    for (const [key, value] of Object.entries(fields)) add(value, [name, key], variables);
  };
  if (kind !== 'compensate' && kind !== 'join' && kind !== 'map') plain('when');
  if (kind === 'agent' || kind === 'workflow' || kind === 'loop')
    record('inputs', expressionVariables);
  if (kind === 'map') record('inputs', itemVariables);
  if (kind === 'approval') record('show', expressionVariables);
  if (kind === 'wait') plain('until');
  if (kind === 'workflow') plain('graphFrom');
  if (kind === 'loop') add(field(raw, 'until'), ['until'], loopVariables);
  const choices = kind === 'decision' ? field(raw, 'choices') : undefined;
  if (Array.isArray(choices))
    for (const [at, choice] of (choices as readonly unknown[]).entries())
      add(field(choice, 'when'), ['choices', at, 'when'], expressionVariables);
  return found;
}

function fromProblem(
  id: string,
  at: { sketch: NodeSketch; byId: ReadonlyMap<string, NodeSketch>; reached: ReadonlySet<string> },
): string | undefined {
  const found = at.byId.get(id);
  if (found === undefined)
    return `from.${id} names a node that does not exist; ${fixFor(id, at.byId.keys())}`;
  if (id === at.sketch.id)
    return `from.${id} is this node itself, which has no result yet; remove it`;
  if (found.kind === 'compensate')
    return `from.${id} is a compensate node, which runs only when the run ends badly; remove it`;
  if (!at.reached.has(id))
    return `from.${id} may not be there: this node does not wait for "${id}"; add "${id}" to its after`;
  return found.kind === 'join'
    ? `from.${id} is a join, which has no result; name the nodes that it waits for`
    : undefined;
}

/** Everybody that a node waits for, directly or not. */
function allBefore(id: string, before: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const open = [...(before.get(id) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    open.push(...(before.get(next) ?? []));
  }
  return reached;
}
