// Why a ready task has no agent yet: the hindrances of W3, the most basic first. Part of waiting-reason.ts.

import { capabilitiesOf, covers, missing } from './matching.ts';
import type { AgentFact, WaitingAnswer, WaitingFacts, WaitingLink } from './waiting-reason.ts';
import { plural, quotedList } from './waiting-reason-words.ts';

const LINKS_SHOWN = 5; // a sentence with more names is not read

export function whyReady(facts: WaitingFacts): WaitingAnswer {
  const live = facts.hosts.filter(({ alive }) => alive);
  if (live.length === 0) {
    return ready('no_host', [], 'No host of the hive is running; start one with `hive start`.');
  }
  const able = facts.agents.filter((agent) => covers(capabilitiesOf(agent), facts.needed));
  if (able.length === 0) return noAgent(facts);
  const working = new Set(live.filter(({ draining }) => !draining).map(({ id }) => id));
  const open = able.filter((agent) => working.has(agent.host));
  if (open.length === 0) {
    const hosts = [...new Set(able.map(({ host }) => host))];
    return ready(
      'draining',
      hosts.slice(0, LINKS_SHOWN).map((id) => ({ kind: 'host', id })),
      `Every host with an agent for it is shutting down or gone and takes no new work; it is kept, and goes on after the next \`hive start\`.`,
    );
  }
  const { cap } = facts;
  if (cap !== null) {
    return ready(
      'cap',
      [],
      `The limit for ${cap.scope} "${cap.name}" is reached (${cap.inUse} of ${cap.limit} running); it starts when one of them ends. See \`hive task list\`.`,
    );
  }
  const links = agentLinks(open);
  const free = open.filter(({ busy, slots }) => busy < slots);
  const ahead = facts.ahead ?? 0;
  if (free.length === 0) {
    const slots = open.reduce((sum, agent) => sum + agent.slots, 0);
    const line =
      ahead === 0 ? 'it is next in line' : `${plural(ahead, 'task is', 'tasks are')} ahead of it`;
    return ready(
      'busy',
      links,
      `Every agent for it is busy (${names(open)}; ${plural(slots, 'slot')} in use) and ${line}. See \`hive doctor\` for what runs.`,
    );
  }
  return ready(
    'queued',
    links,
    ahead === 0
      ? `An agent for it is free (${names(free)}); it is taken within a second.`
      : `${plural(ahead, 'task is', 'tasks are')} ahead of it; agents for it are free (${names(free)}) and take them in order.`,
  );
}

function noAgent(facts: WaitingFacts): WaitingAnswer {
  const needed = quotedList(facts.needed.map((name) => ({ name })));
  const nearest = facts.agents
    .map((agent) => ({ agent, lacks: missing(capabilitiesOf(agent), facts.needed) }))
    .toSorted(
      (a, b) => a.lacks.length - b.lacks.length || (a.agent.name < b.agent.name ? -1 : 1),
    )[0];
  const lacks =
    nearest === undefined ? undefined : quotedList(nearest.lacks.map((name) => ({ name })));
  const isNear = nearest !== undefined && nearest.lacks.length < facts.needed.length;
  const hint = isNear ? ` The nearest is "${nearest.agent.name}", which lacks ${lacks}.` : '';
  return ready(
    'no_agent',
    isNear ? agentLinks([nearest.agent]) : [],
    `No agent of any running host has all of the capabilities that it needs: ${needed}.${hint} Add such an agent, or cancel the task with \`hive task cancel ${facts.task.id}\`; \`hive doctor\` lists the agents.`,
  );
}

/** An agent may be on several hosts; its name is told once. */
function agentLinks(agents: readonly AgentFact[]): WaitingLink[] {
  const all = [...new Set(agents.map(({ name }) => name))];
  return all.slice(0, LINKS_SHOWN).map((id) => ({ kind: 'agent', id }));
}

function names(agents: readonly AgentFact[]): string {
  return quotedList(agentLinks(agents).map(({ id }) => ({ name: id })));
}

function ready(why: string, links: readonly WaitingLink[], sentence: string): WaitingAnswer {
  return { sentence, code: `ready.${why}`, links };
}
