// Work that is started one after the other, a fixed number of it in flight: the next starts when the end of one is durable. What the peers' harness
// does too, so the figures can be set beside each other.

/** Milliseconds that `count` pieces of work took with `inFlight` at a time. */
export async function closedLoop(
  of: { count: number; inFlight: number },
  one: () => Promise<void>,
): Promise<number> {
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(of.inFlight, of.count) }, async () => {
      while (next++ < of.count) await one();
    }),
  );
  return performance.now() - began;
}

/** Milliseconds of each of `count` pieces of work, one alone at a time. */
export async function oneByOne(count: number, one: () => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await one();
    took.push(performance.now() - began);
  }
  return took;
}
