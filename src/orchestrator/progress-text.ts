// The text form of a run's progress, as the run row keeps it.
//
// P2 It carries its version from the first day: version 1 is read as what it means in version 2; a version that this program does not know
// is refused, never guessed. P3 encode and decode are inverse. What is empty is not written, so that most rows are letters alone.

import { z } from 'zod';
import { hiveError } from '../contract/index.ts';
import { failureCodes, NO_LIST, runPhases } from './progress.ts';
import type { MapCounters, RunProgress } from './progress.ts';

const MAX_MESSAGE = 4_000; // advance() cuts what it keeps; anything longer was not written by it

const count = z.number().int().min(0);
const byPosition = z.string().regex(/^\d{1,5}$/);
const phase = z.enum(runPhases);
const ending = z.discriminatedUnion('end', [
  z.strictObject({
    end: z.literal('failed'),
    code: z.enum(failureCodes),
    node: z.string().nullable(),
    item: count.nullable(),
    message: z.string().max(MAX_MESSAGE),
  }),
  z.strictObject({ end: z.literal('cancelled'), message: z.string().max(MAX_MESSAGE) }),
]);

const version2 = z.strictObject({
  v: z.literal(2),
  phase,
  nodes: z.string().regex(/^[wqrsjfxkc]+$/),
  maps: z
    .record(byPosition, z.tuple([count.or(z.literal(NO_LIST)), count, count, count]))
    .default({}),
  open: count.default(0),
  queue: z.array(count).default([]),
  done: z.array(count).default([]),
  cut: z.array(z.tuple([count, count])).default([]),
  undo: z.array(count).default([]),
  ending: ending.nullable().default(null),
});

/** Written before there were decisions, windows and compensation. */
const version1 = z.strictObject({
  v: z.literal(1),
  phase: z.enum(['new', 'open', 'completed', 'failed', 'cancelled']),
  nodes: z.string().regex(/^[wrsjfxk]+$/),
  maps: z.record(byPosition, z.tuple([count, count, count])),
});

type Stored = z.infer<typeof version2>;

/** How the text of a run begins that is being undone, for queries. */
export const COMPENSATING_TEXT = '{"v":2,"phase":"compensating",';

/** JSON text for the run row. */
export function encodeProgress(progress: RunProgress): string {
  const stored: Record<string, unknown> = {
    v: progress.v,
    phase: progress.phase,
    nodes: progress.nodes,
  };
  let maps: Record<string, MapCounters> | undefined;
  for (let at = 0; at < progress.maps.length; at++) {
    const counters = progress.maps[at];
    if (counters !== null && counters !== undefined) (maps ??= {})[at] = counters;
  }
  if (maps !== undefined) stored['maps'] = maps;
  if (progress.open > 0) stored['open'] = progress.open;
  for (const list of ['queue', 'done', 'cut', 'undo'] as const)
    if (progress[list].length > 0) stored[list] = progress[list];
  if (progress.ending !== null) stored['ending'] = progress.ending;
  return JSON.stringify(stored);
}

/** Text of the run row -> progress. Throws SCHEMA_FUTURE for a later version, STORE_CORRUPT for anything else that was never written. */
export function decodeProgress(text: string): RunProgress {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw hiveError('STORE_CORRUPT', { message: 'The progress of a run is not JSON', cause });
  }
  const version = z.object({ v: z.number() }).safeParse(value);
  if (version.success && version.data.v !== 1 && version.data.v !== 2) {
    throw hiveError('SCHEMA_FUTURE', {
      message: `The progress of a run has version ${version.data.v}; this Hivewright reads versions 1 and 2`,
    });
  }
  return version.data?.v === 1 ? fromVersion1(value) : fromStored(parse(version2, value));
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw hiveError('STORE_CORRUPT', {
    message: `The progress of a run cannot be read: ${z.prettifyError(parsed.error)}`,
  });
}

function fromStored(stored: Stored): RunProgress {
  const maps: (MapCounters | null)[] = Array.from({ length: stored.nodes.length }, () => null);
  for (const [at, counters] of Object.entries(stored.maps)) maps[Number(at)] = counters;
  const { length } = stored.nodes;
  const positions = [...stored.queue, ...stored.done, ...stored.undo, ...stored.cut.flat()];
  if (maps.length > length || positions.some((at) => at >= length)) {
    throw hiveError('STORE_CORRUPT', {
      message: `The progress of a run names a node beyond its ${length} nodes`,
    });
  }
  return { ...stored, maps };
}

/** Version 1 created all tasks of a node at once, and had nothing to undo. */
function fromVersion1(value: unknown): RunProgress {
  const old = parse(version1, value);
  const maps: Stored['maps'] = {};
  let open = 0;
  for (const [at, [total, done, failed]] of Object.entries(old.maps)) {
    const created = 'wk'.includes(old.nodes.charAt(Number(at))) ? 0 : total;
    maps[at] = [total, done, failed, created];
    if (old.nodes.charAt(Number(at)) === 'r') open += created - done - failed;
  }
  for (const [at, letter] of old.nodes.split('').entries())
    if (letter === 'r' && old.maps[at] === undefined) open++;
  const { phase: oldPhase, nodes } = old;
  return fromStored({
    v: 2,
    phase: oldPhase,
    nodes,
    maps,
    open,
    queue: [],
    done: [],
    cut: [],
    undo: [],
    ending: null,
  });
}
