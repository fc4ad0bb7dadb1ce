/** Calls the author's function, synchronous or not, with a checked input. */
import type { AgentDefinition } from '../authoring/define-agent.ts';
import { authorContext } from './author-context.ts';
import type { ContextParts } from './author-context.ts';
import { checkedInput } from './outcomes.ts';
import { isThenable } from './thenable.ts';

/** How the function ended: exactly one of the two is called, once. */
export interface AuthorEnd {
  returned(value: unknown): void;
  threw(error: unknown): void;
}

/** A synchronous function ends before this returns: the hot path makes no promise for it. */
export function callAuthor(definition: AgentDefinition, parts: ContextParts, end: AuthorEnd): void {
  let result: unknown;
  try {
    const input = checkedInput(definition, parts.facts.input);
    result = definition.execute(authorContext(parts, input));
  } catch (error) {
    return end.threw(error);
  }
  if (!isThenable(result)) return end.returned(result);
  result.then(
    (value) => {
      end.returned(value);
    },
    (error: unknown) => {
      end.threw(error);
    },
  );
}
