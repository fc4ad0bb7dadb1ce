/**
 * Measures each function of a syntax tree: cyclomatic paths, cognitive complexity (nesting counts, as in
 * SonarSource's definition), depth of control flow and number of parameters. One pass, explicit stack.
 * A nested function is measured on its own; its cost is not added to the parent.
 */
import type { SyntaxNode } from '../reading/syntax-node.ts';
import { allChildren, childOf, childrenOf, nameOf } from '../reading/syntax-node.ts';

export type FunctionMeasure = {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly parameters: number;
  cyclomatic: number;
  /** Decision points that are only cases of a flat switch. */
  cases: number;
  cognitive: number;
  depth: number;
  markup: boolean;
  /** Functions directly inside; their lines are theirs. */
  readonly inner: FunctionMeasure[];
};

type Visit = {
  readonly node: SyntaxNode;
  readonly parent: SyntaxNode | undefined;
  readonly owner: FunctionMeasure | undefined;
  readonly nesting: number;
};

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const LOOPS = new Set([
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
]);

export const measureFunctions = (program: SyntaxNode): FunctionMeasure[] => {
  const measures: FunctionMeasure[] = [];
  const stack: Visit[] = [{ node: program, parent: undefined, owner: undefined, nesting: 0 }];
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { node } = visit;
    let { owner, nesting } = visit;
    if (FUNCTIONS.has(node.type)) {
      const measure = newMeasure(node, visit.parent);
      visit.owner?.inner.push(measure);
      measures.push(measure);
      owner = measure;
      nesting = 0;
    } else if (node.type === 'ClassBody') {
      owner = undefined;
    } else if (owner !== undefined) {
      nesting = count({ ...visit, owner });
      owner.depth = Math.max(owner.depth, nesting);
    }
    for (const child of allChildren(node).reverse()) {
      stack.push({ node: child, parent: node, owner, nesting: nestingFor(visit, child, nesting) });
    }
  }
  return measures;
};

/** Adds what this node costs to its function; returns the nesting of its children. */
const count = (visit: Visit & { owner: FunctionMeasure }): number => {
  const { node, parent, owner, nesting } = visit;
  if (node.type === 'IfStatement') {
    owner.cyclomatic += 1;
    const isElseIf = parent?.type === 'IfStatement' && childOf(parent, 'alternate') === node;
    owner.cognitive += isElseIf ? 1 : 1 + nesting;
    const alternate = childOf(node, 'alternate');
    if (alternate !== undefined && alternate.type !== 'IfStatement') owner.cognitive += 1;
    return isElseIf ? nesting : nesting + 1;
  }
  if (LOOPS.has(node.type)) {
    owner.cyclomatic += 1;
    owner.cognitive += 1 + nesting;
    return nesting + 1;
  }
  if (node.type === 'SwitchStatement' || node.type === 'CatchClause') {
    if (node.type === 'CatchClause') owner.cyclomatic += 1;
    owner.cognitive += 1 + nesting;
    return nesting + 1;
  }
  countFlat(visit);
  return nesting;
};

const countFlat = ({ node, parent, owner, nesting }: Visit & { owner: FunctionMeasure }): void => {
  if (node.type === 'ConditionalExpression') {
    owner.cyclomatic += 1;
    const chained = parent?.type === 'ConditionalExpression';
    owner.cognitive += chained ? 1 : 1 + nesting;
  } else if (node.type === 'SwitchCase' && childOf(node, 'test') !== undefined) {
    owner.cyclomatic += 1;
    owner.cases += 1;
  } else if (node.type === 'LogicalExpression') {
    if (node['operator'] !== '??') owner.cyclomatic += 1;
    const sameAsParent = parent?.type === node.type && parent['operator'] === node['operator'];
    if (!sameAsParent && node['operator'] !== '??') owner.cognitive += 1;
  } else if (node.type === 'JSXElement' || node.type === 'JSXFragment') {
    owner.markup = true;
  } else if (node['label'] !== null && node.type === 'ContinueStatement') {
    owner.cognitive += 1;
  }
};

/** The test of a condition and an else branch sit on the level of the statement itself. */
const nestingFor = (visit: Visit, child: SyntaxNode, nesting: number): number => {
  const { node } = visit;
  if (node.type === 'IfStatement' && childOf(node, 'test') === child) return visit.nesting;
  if (node.type === 'IfStatement' && child.type === 'IfStatement') {
    return childOf(node, 'alternate') === child ? Math.max(nesting, 1) : nesting;
  }
  return nesting;
};

const newMeasure = (node: SyntaxNode, parent: SyntaxNode | undefined): FunctionMeasure => ({
  name: functionName(node, parent),
  start: node.start,
  end: node.end,
  parameters: parametersOf(node).filter((each) => nameOf(each) !== 'this').length,
  cyclomatic: 1,
  cases: 0,
  cognitive: 0,
  depth: 0,
  markup: false,
  inner: [],
});

const parametersOf = (node: SyntaxNode): SyntaxNode[] => {
  const direct = childrenOf(node, 'params');
  return direct.length > 0 ? direct : childrenOf(childOf(node, 'params'), 'items');
};

const functionName = (node: SyntaxNode, parent: SyntaxNode | undefined): string => {
  const own = nameOf(childOf(node, 'id'));
  if (own !== undefined) return own;
  const key =
    childOf(parent, 'id') ?? childOf(parent, 'key') ?? childOf(parent, 'left') ?? undefined;
  const given = nameOf(key) ?? nameOf(childOf(key, 'property'));
  if (given !== undefined) return given;
  if (parent?.type !== 'CallExpression') return '(anonymous function)';
  const callee = childOf(parent, 'callee');
  const called = nameOf(callee) ?? nameOf(childOf(callee, 'property'));
  return called === undefined ? '(anonymous function)' : `(callback of ${called})`;
};
