// A few links for cold work; the one with the least work takes the next.

import { Link } from './link.ts';
import type { LinkOptions, Work } from './link.ts';

export class LinkPool {
  readonly #links: Link[];

  constructor(options: LinkOptions, size: number) {
    this.#links = Array.from({ length: size }, () => new Link(options));
  }

  run<T>(work: Work<T>): Promise<T> {
    const [first, ...rest] = this.#links;
    if (first === undefined) throw new RangeError('a pool needs a link');
    return rest
      .reduce((least, link) => (link.pending < least.pending ? link : least), first)
      .run(work);
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }
}
