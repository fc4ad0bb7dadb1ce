/** What authors did wrong with the context, in words that say what to do instead; and the names that are taken. */
import { hiveError } from '../../contract/index.ts';
import type { HiveError } from '../../contract/index.ts';

const MAX_NAME_CHARS = 100;
/** Titles of approvals and names of events are other people's words (contract/graph.ts). */
export const MAX_TEXT_CHARS = 200;
const RESERVED_NAMES: ReadonlySet<string> = new Set(['sleep', 'now', 'random']);
/** What journal rows of effects and waits are called begins with one of these. */
export const rowPrefixes = {
  effect: 'effect:',
  approval: 'approve:',
  event: 'event:',
  child: 'child:',
} as const;
const prefixes = Object.values(rowPrefixes);

/** An error that ends the task: trying the same code again cannot help. */
export function misuse(message: string): HiveError {
  return hiveError('AGENT_STOPPED', { message });
}

/** Throws AGENT_STOPPED when the text cannot name anything. */
export function checkName(
  name: unknown,
  what: string,
  maxChars: number = MAX_NAME_CHARS,
): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.length > maxChars) {
    throw misuse(`${what} needs a name of 1 to ${maxChars} characters`);
  }
  if (name.includes('\u0000')) throw misuse(`the name of ${what} contains \\u0000`);
  // Stores keep UTF-8: a later attempt would not find the row under the name that it was given.
  if (!name.isWellFormed())
    throw misuse(`the name of ${what} contains half a character: ${JSON.stringify(name)}`);
}

/** Throws AGENT_STOPPED when a step cannot be called that. */
export function checkStepName(name: unknown): asserts name is string {
  checkName(name, 'a step');
  if (RESERVED_NAMES.has(name) || prefixes.some((prefix) => name.startsWith(prefix))) {
    throw misuse(
      `a step cannot be called "${name}": sleep, now, random and names that begin with ${prefixes.join(' ')} belong to ctx functions`,
    );
  }
}

/** Throws AGENT_STOPPED unless it is a number of milliseconds from `from` to `to`. */
export function checkMs(ms: unknown, what: string, to: number): asserts ms is number {
  if (!(typeof ms === 'number' && ms >= 0 && ms <= to)) {
    throw misuse(`${what} of ${String(ms)}: give 0 to ${to} milliseconds`);
  }
}
