/**
 * Import cycles, by Tarjan's strongly connected components: every component of two files or more,
 * and every file that imports itself. Iterative over an explicit stack: a graph may be deep.
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const cycles: string[][] = [];

  const enter = (node: string): { node: string; next: number } => {
    order.set(node, order.size);
    low.set(node, order.get(node) ?? 0);
    open.push(node);
    isOpen.add(node);
    return { node, next: 0 };
  };
  const lower = (node: string, value: number): void => {
    low.set(node, Math.min(low.get(node) ?? value, value));
  };
  const close = (node: string): void => {
    if (low.get(node) !== order.get(node)) return;
    const component = open.splice(open.indexOf(node));
    for (const member of component) isOpen.delete(member);
    if (component.length > 1 || (graph.get(node) ?? []).includes(node)) cycles.push(component);
  };

  for (const root of graph.keys()) {
    if (order.has(root)) continue;
    const stack = [enter(root)];
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const target = (graph.get(frame.node) ?? [])[frame.next];
      frame.next += 1;
      if (target === undefined) {
        stack.pop();
        close(frame.node);
        const parent = stack.at(-1);
        if (parent !== undefined) lower(parent.node, low.get(frame.node) ?? 0);
      } else if (!order.has(target)) stack.push(enter(target));
      else if (isOpen.has(target)) lower(frame.node, order.get(target) ?? 0);
    }
  }
  return cycles;
}
