/** What goes in and out of the inspection's tasks. Objects ignore keys they do not know: the orchestrator adds some. */
import { z } from 'zod';

export const place = z.object({ root: z.string(), workDirectory: z.string() });

/** `[from, to)` in the analyser's list of files, and the digest of the list it counts in. */
export const range = z.object({ at: z.tuple([z.int(), z.int()]), list: z.string() });
export type Range = z.infer<typeof range>;

export const leftOut = z.object({
  reason: z.string(),
  count: z.int(),
  examples: z.array(z.string()),
});

export const surveyInput = z.object({ input: place.extend({ reportDirectory: z.string() }) });
export const surveyResult = z.object({
  list: z.string(),
  files: z.int(),
  bytes: z.int(),
  leftOut: z.array(leftOut),
  shards: z.record(z.string(), z.array(range)),
});

export const shardInput = z.object({
  input: place.extend({ analyser: z.string() }),
  item: range,
  index: z.int(),
});
export const wholeInput = z.object({
  input: place.extend({ analyser: z.string(), pass: z.literal('whole') }),
  from: z.record(z.string(), z.unknown()),
});
export const analyserInput = z.union([shardInput, wholeInput]);

export const analyserResult = z.object({
  findings: z.int(),
  /** Beyond the cap per rule. */
  omitted: z.int(),
  files: z.int(),
  unread: z.int(),
  /** Present when the pass was not possible. */
  gap: z.string().optional(),
});

export const reportInput = z.object({
  input: place.extend({ reportDirectory: z.string(), toolVersion: z.string() }),
  from: z.record(z.string(), z.unknown()),
});
export const reportResult = z.object({
  report: z.string(),
  files: z.object({ markdown: z.string(), json: z.string(), sarif: z.string() }),
  findings: z.int(),
  bySeverity: z.record(z.string(), z.int()),
  gaps: z.array(z.string()),
});
