/**
 * What one shard or one whole-repository pass found, kept in the run's work folder; the task's result
 * only counts it, so joins stay small whatever the size of the repository. A part that is lost (a power
 * cut: parts are not synced) is made again by whoever needs it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../../analysis/index.ts';
import { writeAtomic } from './write-atomic.ts';

export interface Part {
  readonly digest: string;
  readonly findings: readonly Finding[];
  /** Findings beyond the cap of the analyser: [rule, how many]. */
  readonly omitted: readonly (readonly [string, number])[];
  readonly facts: unknown;
  /** Files that were listed but could not be read any more. */
  readonly unread: readonly string[];
}

export interface PartPlace {
  readonly workDirectory: string;
  readonly analyser: string;
  /** Index of the shard, or the pass over the whole. */
  readonly part: number | 'whole';
}

export function writePart(place: PartPlace, part: Part): void {
  writeAtomic(pathOf(place), JSON.stringify(part), { durability: 'rebuildable' });
}

/** The part, or undefined when it is not there or belongs to another list. */
export function readPart(place: PartPlace, digest: string): Part | undefined {
  try {
    const part = JSON.parse(readFileSync(pathOf(place), 'utf8')) as Part; // our own file
    return part.digest === digest ? part : undefined;
  } catch {
    return undefined;
  }
}

function pathOf({ workDirectory, analyser, part }: PartPlace): string {
  return join(workDirectory, 'parts', `${analyser}-${part}.json`);
}
