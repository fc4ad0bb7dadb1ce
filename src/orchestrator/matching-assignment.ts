// Why an agent got a task, as short text in the task row, and that text as a sentence. Candidates are worked out again when asked.
//
//   specific:<spare>        capability_based; capabilities that the task does not need
//   least_busy:<busy>/<of>  busy slots when it was chosen
//   round_robin             its turn
//   priority:<place>        place in the list of agents, from 1
// An assignment is reason#rank; where one claim covers several routes, <spare> and rank may be a range such as 0-2.

import { unreachable } from '../kernel/index.ts';
import type { Ranking, Strategy } from './matching-strategy.ts';

export function assignmentReason(strategy: Strategy, ranking: Ranking): string {
  const { candidate, listed, spare } = ranking;
  switch (strategy) {
    case 'capability_based':
      return `specific:${spare}`;
    case 'least_busy':
      return `least_busy:${candidate.busy}/${candidate.slots}`;
    case 'round_robin':
      return 'round_robin';
    case 'priority':
      return `priority:${listed + 1}`;
    default:
      return unreachable(strategy);
  }
}

/** What a lease stores: reason code and rank. */
export function assignmentText(choice: { reason: string; rank: number | string }): string {
  return `${choice.reason}#${choice.rank}`;
}

/** 2, or 0-2 when the values differ. */
export function span(values: readonly number[]): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? `${low}` : `${low}-${high}`;
}

const form = /^(?<code>[a-z_]+)(?::(?<detail>[0-9/-]+))?(?:#(?<rank>[0-9-]+))?$/;

/** The stored text as a sentence for people. Text of another version is shown as it is. */
export function explainAssignment(assignment: string): string {
  const { code = '', detail = '?', rank } = form.exec(assignment)?.groups ?? {};
  const place =
    rank === undefined || rank === '1'
      ? ''
      : ` It ranked ${rank}; the agents before it were full or took other tasks at the same time.`;
  switch (code) {
    case 'specific':
      return `Chosen as the most specific free agent; capabilities beyond what the task needs: ${detail}.${place}`;
    case 'least_busy':
      return `Chosen as the least busy agent: ${detail.replace('/', ' of ')} of its slots were in use.${place}`;
    case 'round_robin':
      return `Chosen because it was its turn among the agents with these capabilities.${place}`;
    case 'priority':
      return `Chosen as the first free agent in the configured order, where it stands at place ${detail}.${place}`;
    default:
      return `Chosen for the reason "${assignment}".`;
  }
}
