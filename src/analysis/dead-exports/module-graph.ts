/**
 * Who uses which export. A worklist over (file, name): a use of a name that a barrel passes on is a use at
 * its source. Over-approximates on purpose; a name that is still unused afterwards is dead.
 */
import type { ModuleFacts } from './module-facts.ts';

export type Resolve = (from: string, specifier: string) => readonly string[];

export class ModuleGraph {
  readonly #modules: ReadonlyMap<string, ModuleFacts>;
  readonly #resolve: Resolve;
  readonly #used = new Map<string, Set<string>>();
  readonly #queue: [string, string][] = [];

  constructor(modules: ReadonlyMap<string, ModuleFacts>, resolve: Resolve) {
    this.#modules = modules;
    this.#resolve = resolve;
  }

  /** Records that somebody uses `name` of `path` (`*` for all of it). */
  use(path: string, name: string): void {
    this.#mark(path, name);
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      this.#follow(...next);
    }
  }

  isImported(path: string): boolean {
    return this.#used.has(path);
  }

  isUsed(path: string, name: string): boolean {
    const names = this.#used.get(path);
    return names !== undefined && (names.has('*') || names.has(name));
  }

  #mark(path: string, name: string): void {
    const names = this.#used.get(path) ?? new Set<string>();
    this.#used.set(path, names);
    if (names.has(name) || names.has('*')) return;
    names.add(name);
    this.#queue.push([path, name]);
  }

  #follow(path: string, name: string): void {
    const module = this.#modules.get(path);
    if (module === undefined) return;
    for (const [specifier, exported, original] of module.reexports) {
      if (name !== '*' && exported !== '*' && exported !== name) continue;
      const passed = exported === '*' ? name : original;
      for (const target of this.#resolve(path, specifier)) this.#mark(target, passed);
    }
  }
}
