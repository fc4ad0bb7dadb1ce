// Finds cycles among dependencies, to name them in a message. Iterative: a chain of 1,000 nodes must not depend on the stack's size.

/** Disjoint cycles, each as the ids in the order of waiting, starting with its first id in the order given. Names that are no key are ignored. */
export function findCycles(before: ReadonlyMap<string, readonly string[]>): string[][] {
  const finished = new Set<string>();
  const cycles: string[][] = [];
  for (const root of before.keys()) {
    if (finished.has(root)) continue;
    const path: string[] = [root];
    const onPath = new Set(path);
    const nextEdge = [0];
    while (path.length > 0) {
      const top = path.length - 1;
      const id = path[top] ?? '';
      const edge = nextEdge[top] ?? 0;
      const target = before.get(id)?.[edge];
      if (target === undefined) {
        finished.add(id);
        onPath.delete(id);
        path.pop();
        nextEdge.pop();
        continue;
      }
      nextEdge[top] = edge + 1;
      if (finished.has(target) || !before.has(target)) continue;
      if (onPath.has(target)) {
        const cycle = path.slice(path.indexOf(target));
        cycles.push(cycle);
        for (const each of path) finished.add(each); // told once; what waits for a told cycle is no news
        break;
      }
      path.push(target);
      onPath.add(target);
      nextEdge.push(0);
    }
  }
  return cycles;
}
