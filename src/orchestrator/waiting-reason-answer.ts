// The pieces that every sentence of waiting-reason.ts shares.

import type { WaitingAnswer, WaitingLink } from './waiting-reason.ts';

export function answer(
  code: string,
  links: readonly WaitingLink[],
  sentence: string,
): WaitingAnswer {
  return { sentence, code, links };
}

/** The error in brackets, without its full stop. */
export function because(error: { code: string; message: string } | null): string {
  return error === null ? '' : ` (${error.code}: ${error.message.replace(/\.$/, '')})`;
}

export function runLink(runId: string | null): WaitingLink[] {
  return runId === null ? [] : [{ kind: 'run', id: runId }];
}
