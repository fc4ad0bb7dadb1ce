/** A walk over the parser's tree that cannot overflow: an explicit stack, and nodes as plain records. */
import { isRecord } from './loose-json.ts';

export type SyntaxNode = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
};

export const isNode = (value: unknown): value is SyntaxNode =>
  isRecord(value) && typeof value['type'] === 'string' && typeof value['start'] === 'number';

/** A child node by key, or undefined. */
export const childOf = (node: SyntaxNode | undefined, key: string): SyntaxNode | undefined => {
  const child = node?.[key];
  return isNode(child) ? child : undefined;
};

export const childrenOf = (node: SyntaxNode | undefined, key: string): SyntaxNode[] => {
  const list = node?.[key];
  return Array.isArray(list) ? list.filter(isNode) : [];
};

/** Every direct child in source order, whatever its key. */
export const allChildren = (node: SyntaxNode): SyntaxNode[] => {
  const children: SyntaxNode[] = [];
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) children.push(each);
    } else if (typeof value === 'object' && isNode(value)) children.push(value);
  }
  return children;
};

/** Pre-order, without recursion. `enter` returns false to leave out the node's children. */
export const walk = (root: SyntaxNode, enter: (node: SyntaxNode) => boolean | void): void => {
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (enter(node) === false) continue;
    const children = allChildren(node);
    for (let index = children.length - 1; index >= 0; index -= 1) {
      const child = children[index];
      if (child !== undefined) stack.push(child);
    }
  }
};

export const nameOf = (node: SyntaxNode | undefined): string | undefined => {
  if (node === undefined) return undefined;
  if (typeof node['name'] === 'string') return node['name'];
  return typeof node['value'] === 'string' ? node['value'] : undefined;
};
