/** What a schema found wrong, as lines for people. */
import type { z } from 'zod';

/** A screen of problems is enough to start with. */
const MAX_PROBLEMS = 20;

/** `field.path: what is wrong`, one per problem. */
export function schemaProblems(error: z.ZodError): string[] {
  const lines = error.issues.slice(0, MAX_PROBLEMS).map((issue) => {
    const where = issue.path.map(String).join('.');
    return where === '' ? issue.message : `${where}: ${issue.message}`;
  });
  const more = error.issues.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}
