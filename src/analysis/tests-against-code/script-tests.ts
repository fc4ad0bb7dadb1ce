/** Tests of JavaScript and TypeScript (vitest, jest, mocha, node:test, playwright), read from the tree. */
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import { readScript } from '../reading/parse-script.ts';
import type { SyntaxNode } from '../reading/syntax-node.ts';
import { childOf, childrenOf, isNode, nameOf, walk } from '../reading/syntax-node.ts';
import { lineFinder } from '../reading/text-lines.ts';
import { EMPTY, FOCUSED, NO_ASSERTION, SKIPPED } from './rules.ts';

const TEST_WORDS = new Set(['it', 'test', 'specify']);
const GROUP_WORDS = new Set(['describe', 'context', 'suite']);
const FOCUSED_WORDS = new Set(['fit', 'fdescribe', 'fcontext']);
const SKIPPED_WORDS = new Set(['xit', 'xtest', 'xdescribe', 'xcontext', 'xspecify']);
/** A call whose name holds one of these may assert; a helper of the project often does. */
const ASSERTING =
  /expect|assert|should|verif|check|ensure|must|match|throws|reject|fail|equal|deep|same|snapshot|test|spec|valid|toBe|toHave|waitFor|find|^is$|^ok$|^t$|^plan$|^end$|^done$|^run|^cb$|^next$|^prove|bench|fc$/i;

export const inspectScriptTests = ({ path, text }: SourceFile): Finding[] => {
  if (!/\b(?:it|test|describe|suite|context|specify|[fx](?:it|describe|test|context))\b/.test(text))
    return [];
  const reading = readScript(path, text);
  if (reading.state === 'refused' || reading.result.errors.length > 0) return [];
  const { program } = reading.result;
  if (!isNode(program)) return [];
  const lineAt = lineFinder(text);
  const found: Finding[] = [];
  const harness = isHarnessCase(path);
  // Pre-order: a node that starts before the end of one already entered lies inside it.
  let conditionalEnd = 0;
  let skippedEnd = 0;
  walk(program, (node) => {
    if (node.type === 'IfStatement') conditionalEnd = Math.max(conditionalEnd, node.end);
    if (node.type !== 'CallExpression') return;
    if (isSkippedGroup(node)) skippedEnd = Math.max(skippedEnd, node.end);
    const call = testCall(node);
    if (call === undefined) return;
    const spot = { path, line: lineAt(node.start), key: call.title };
    const conditional = node.start < conditionalEnd;
    const judgedElsewhere = harness || node.start < skippedEnd;
    found.push(...judge(call, { spot, conditional, judgedElsewhere }));
  });
  return found;
};

/**
 * `test/cases/<group>/<name>/index.js` is input that a harness feeds to the program; the harness holds the
 * expectations, so an empty test in it only marks that the file was reached.
 */
const isHarnessCase = (path: string): boolean =>
  /(?:^|\/)(?:tests?|__tests__|specs?)\/(?:[^/]+\/)*(?:cases|[a-z]+Cases)\/[^/]+\//.test(path) &&
  !/[._-](?:test|spec)\.\w+$/.test(path);

/** Whatever its title: `describe.skip(name, fn)` as well. */
const isSkippedGroup = (node: SyntaxNode): boolean => {
  const [root = '', ...modifiers] = chainOf(childOf(node, 'callee'));
  return (
    /^x(?:describe|context)$/.test(root) ||
    (modifiers.includes('skip') && (GROUP_WORDS.has(root) || modifiers.includes('describe')))
  );
};

type TestCall = {
  readonly kind: 'test' | 'group';
  readonly modifiers: readonly string[];
  readonly title: string;
  readonly body: SyntaxNode | undefined;
  readonly focused: boolean;
  readonly skipped: boolean;
};

/** `it.only('x', fn)`, `test.describe.skip(...)`, `it.each(table)('x', fn)`, `xit(...)`. */
const testCall = (node: SyntaxNode): TestCall | undefined => {
  const names = chainOf(childOf(node, 'callee'));
  const [root, ...modifiers] = names;
  if (root === undefined) return undefined;
  const focusedWord = FOCUSED_WORDS.has(root);
  const skippedWord = SKIPPED_WORDS.has(root);
  const group =
    GROUP_WORDS.has(root) || /describe|context/.test(root) || modifiers.includes('describe');
  if (!focusedWord && !skippedWord && !group && !TEST_WORDS.has(root)) return undefined;
  const [first, ...rest] = childrenOf(node, 'arguments');
  const title = titleOf(first);
  if (title === undefined) return undefined;
  const body = rest.find(
    (each) => each.type === 'ArrowFunctionExpression' || each.type === 'FunctionExpression',
  );
  if (body === undefined && rest.length > 0 && rest.at(-1)?.type !== 'Identifier' && !skippedWord)
    return undefined;
  const options = rest.find((each) => each.type === 'ObjectExpression');
  return {
    kind: group ? 'group' : 'test',
    modifiers,
    title,
    body,
    focused: focusedWord || modifiers.includes('only') || hasTrue(options, 'only'),
    skipped:
      (skippedWord || modifiers.includes('skip') || hasTrue(options, 'skip')) && body !== undefined,
  };
};

type Context = {
  readonly spot: { path: string; line: number; key: string };
  /** Inside an `if`: the condition is the reason. */
  readonly conditional: boolean;
  /** What the body asserts does not count here: its group is off, or a harness asserts. */
  readonly judgedElsewhere: boolean;
};

const judge = (call: TestCall, { spot, conditional, judgedElsewhere }: Context): Finding[] => {
  const named = `"${call.title}"`;
  if (call.focused) return [finding(FOCUSED, { ...spot, message: `${named} is focused.` })];
  if (call.skipped) {
    if (conditional) return [];
    if (/\b(?:skip(?:ped)?|because|until|flaky|see |todo|blocked|#\d+|https?:)/i.test(call.title))
      return [];
    return [finding(SKIPPED, { ...spot, message: `${named} is skipped.` })];
  }
  if (call.kind === 'group' || call.body === undefined || judgedElsewhere) return [];
  if (
    call.modifiers.some((each) => /todo|fails|failing|skip|step|use|extend|before|after/.test(each))
  )
    return [];
  const block = childOf(call.body, 'body');
  if (block === undefined || block.type !== 'BlockStatement') return [];
  if (childrenOf(block, 'body').length === 0) {
    return [finding(EMPTY, { ...spot, message: `${named} has an empty body.` })];
  }
  if (childrenOf(call.body, 'params').some((each) => each.type === 'Identifier')) return [];
  if (!endsUnchecked(block) || mayFail(block)) return [];
  return [finding(NO_ASSERTION, { ...spot, message: `${named} asserts nothing.` })];
};

/**
 * A body of plain calls may mean "must not throw"; one that ends in a value nobody looks at, or prints it,
 * has forgotten something.
 */
const endsUnchecked = (block: SyntaxNode): boolean => {
  const last = childrenOf(block, 'body').at(-1);
  if (last?.type === 'VariableDeclaration') return true;
  const expression = childOf(last, 'expression');
  if (expression?.type === 'AssignmentExpression') return true;
  return (
    expression?.type === 'CallExpression' && chainOf(childOf(expression, 'callee'))[0] === 'console'
  );
};

const mayFail = (block: SyntaxNode): boolean => {
  let may = false;
  walk(block, (node) => {
    if (may) return false;
    if (node.type === 'ThrowStatement' || node.type === 'ReturnStatement') may = true;
    else if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      may = chainOf(childOf(node, 'callee')).some((name) => ASSERTING.test(name));
    } else if (node.type === 'MemberExpression') {
      may = /^(?:should|to|not|ok|rejects|resolves)$/.test(nameOf(childOf(node, 'property')) ?? '');
    } else if (/^TS(?:Satisfies|TypeAssertion|As)Expression|^TSTypeAnnotation/.test(node.type)) {
      may = true;
    } else if (node.type === 'TaggedTemplateExpression') may = true;
    return !may;
  });
  return may;
};

/** The names of a call chain, outermost object first: `a.b(c).d` gives a, b, d. Bounded by the guard. */
const chainOf = (callee: SyntaxNode | undefined): string[] => {
  const names: string[] = [];
  let current = callee;
  while (current !== undefined) {
    if (current.type === 'MemberExpression') {
      names.push(nameOf(childOf(current, 'property')) ?? '');
      current = childOf(current, 'object');
    } else if (current.type === 'CallExpression') current = childOf(current, 'callee');
    else if (current.type === 'TaggedTemplateExpression') current = childOf(current, 'tag');
    else if (current.type === 'ChainExpression' || current.type === 'AwaitExpression') {
      current = childOf(current, 'expression') ?? childOf(current, 'argument');
    } else {
      names.push(current.type === 'ThisExpression' ? 'this' : (nameOf(current) ?? ''));
      break;
    }
  }
  return names.reverse();
};

const titleOf = (node: SyntaxNode | undefined): string | undefined => {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node?.type !== 'TemplateLiteral') return undefined;
  const raw = childrenOf(node, 'quasis').map((each) => {
    const value = each['value'];
    return typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : '';
  });
  return raw.join('…');
};

const hasTrue = (options: SyntaxNode | undefined, name: string): boolean =>
  childrenOf(options, 'properties').some(
    (each) => nameOf(childOf(each, 'key')) === name && childOf(each, 'value')?.['value'] === true,
  );
