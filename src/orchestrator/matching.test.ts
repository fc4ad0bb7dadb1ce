import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainAssignment } from './matching-assignment.ts';
import { drainedAgents, planClaims, routeTable } from './matching-claims.ts';
import { rankAgents, strategies } from './matching-strategy.ts';
import type { Candidate, Strategy } from './matching-strategy.ts';
import { capabilitiesOf, covers, missing, routesOf, surplus } from './matching.ts';

const agent = (
  name: string,
  capabilities: string[],
  load: [busy: number, slots: number] = [0, 1],
): Candidate => ({
  name,
  capabilities,
  busy: load[0],
  slots: load[1],
});

describe('the filter', () => {
  test('exact: all or nothing, no prefixes', () => {
    const has = capabilitiesOf(agent('tester', ['test', 'lint']));
    expect(covers(has, ['lint', 'test'])).toBe(true);
    expect(covers(has, ['lint', 'lin'])).toBe(false);
    expect(missing(has, ['b', 'lint', 'a'])).toEqual(['b', 'a']);
  });
  test('M2: an agent answers to its own name and to no other, whatever it declares', () => {
    const has = capabilitiesOf(agent('spy', ['work', 'agent:boss']));
    expect(covers(has, ['agent:spy', 'work'])).toBe(true);
    expect(covers(has, ['agent:boss'])).toBe(false);
  });
  test('what is to spare', () => {
    expect(surplus(agent('a', ['x', 'y', 'z']), ['x', 'agent:a'])).toBe(2);
  });
  test('routes of an agent', () => {
    const routes = [
      { key: 1, capabilities: ['x'] },
      { key: 2, capabilities: ['x', 'y'] },
      { key: 3, capabilities: ['agent:a'] },
    ];
    expect(routesOf(agent('a', ['x']), routes)).toEqual([1, 3]);
  });
});

describe('the strategies', () => {
  const candidates = [
    agent('wide', ['x', 'y', 'z'], [0, 4]),
    agent('b', ['x'], [1, 2]),
    agent('a', ['x'], [1, 2]),
    agent('other', ['q']),
  ];
  const order = (strategy: Strategy, lastAgent: string | null = null): string[] =>
    rankAgents({ strategy, candidates, needed: ['x'], lastAgent }).map((each) => each.agent);
  test('capability_based: most specific, then least busy, then name', () => {
    expect(order('capability_based')).toEqual(['a', 'b', 'wide']);
  });
  test('least_busy', () => {
    expect(order('least_busy')).toEqual(['wide', 'a', 'b']);
  });
  test('round_robin goes on behind the last one, also when that one is gone', () => {
    expect(order('round_robin')).toEqual(['a', 'b', 'wide']);
    expect(order('round_robin', 'a')).toEqual(['b', 'wide', 'a']);
    expect(order('round_robin', 'bb')).toEqual(['wide', 'a', 'b']);
  });
  test('priority: as listed', () => {
    expect(order('priority')).toEqual(['wide', 'b', 'a']);
  });
  test('each choice carries its reason and rank', () => {
    const first = (strategy: Strategy): unknown =>
      rankAgents({ strategy, candidates, needed: ['x'] })[0];
    expect(first('capability_based')).toEqual({ agent: 'a', reason: 'specific:0', rank: 1 });
    expect(first('least_busy')).toEqual({ agent: 'wide', reason: 'least_busy:0/4', rank: 1 });
    expect(first('round_robin')).toEqual({ agent: 'a', reason: 'round_robin', rank: 1 });
    expect(first('priority')).toEqual({ agent: 'wide', reason: 'priority:1', rank: 1 });
  });
});

test.each([
  ['specific:0#1', /most specific free agent; .*needs: 0\.$/],
  ['specific:0-2#1-2', /needs: 0-2\. It ranked 1-2; the agents before it were full/],
  ['least_busy:1/4#1', /1 of 4 of its slots/],
  ['round_robin#3', /its turn .* It ranked 3/],
  ['priority:2#1', /place 2\.$/],
  ['from the future', /"from the future"/],
])('the assignment %s in words', (text, words) => {
  expect(explainAssignment(text)).toMatch(words);
});

const caps = fc.subarray(['p', 'q', 'r', 's']);
const agentsArb = fc
  .array(fc.record({ capabilities: caps, busy: fc.nat(5), slots: fc.nat(5) }), { maxLength: 6 })
  .map((list) =>
    list.map(({ capabilities, busy, slots }, i) =>
      agent(`n${i}`, capabilities, [Math.min(busy, slots), slots]),
    ),
  );
const neededArb = fc
  .tuple(caps, fc.option(fc.nat(5)))
  .map(([list, who]) => (who === null ? list : [...list, `agent:n${who}`]));
const strategyArb = fc.constantFrom(...strategies);
const lastArb = fc.option(fc.nat(6).map((i) => `n${i}`));

test('M1: no strategy ever returns an agent that lacks a capability, nor leaves one out that has all', () => {
  fc.assert(
    fc.property(
      agentsArb,
      neededArb,
      strategyArb,
      lastArb,
      (...[candidates, needed, strategy, lastAgent]) => {
        const ranked = rankAgents({ strategy, candidates, needed, lastAgent });
        const able = candidates.filter(({ name, capabilities }) =>
          needed.every((each) => each === `agent:${name}` || capabilities.includes(each)),
        );
        expect(ranked.map((each) => each.agent).toSorted()).toEqual(
          able.map(({ name }) => name).toSorted(),
        );
        expect(ranked.map(({ rank }) => rank)).toEqual(ranked.map((_, i) => i + 1));
      },
    ),
    { numRuns: 500 },
  );
});

describe('claims', () => {
  const known = [
    { key: 1, capabilities: ['x'] },
    { key: 2, capabilities: ['x', 'y'] },
    { key: 3, capabilities: ['nobody'] },
  ];
  const plan = (
    strategy: Strategy,
    agents: Candidate[],
    lastAgent: string | null = null,
  ): unknown =>
    planClaims({ strategy, table: routeTable(agents, known), load: agents, lastAgent }).map(
      (group) => `${group.agent} x${group.slots} [${group.routes.join()}] ${group.assignment}`,
    );
  test('a route goes to its most specific agent; what only the generalist can do stays with it', () => {
    expect(
      plan('capability_based', [agent('wide', ['x', 'y'], [0, 2]), agent('narrow', ['x'], [0, 3])]),
    ).toEqual(['narrow x3 [1] specific:0#1', 'wide x2 [2] specific:0#1']);
  });
  test('a full agent hands its routes to the next', () => {
    expect(
      plan('capability_based', [agent('wide', ['x', 'y'], [0, 2]), agent('narrow', ['x'], [3, 3])]),
    ).toEqual(['wide x2 [1,2] specific:0-1#1-2']);
  });
  test('an agent that is the best for nothing comes after', () => {
    expect(
      plan('capability_based', [agent('spare', ['x', 'q'], [0, 2]), agent('narrow', ['x'])]),
    ).toEqual(['narrow x1 [1] specific:0#1', 'spare x2 [1] specific:1#2']);
  });
  test('of equals, the least busy', () => {
    expect(
      plan('capability_based', [agent('a', ['x'], [1, 2]), agent('b', ['x'], [0, 2])]),
    ).toEqual(['b x2 [1] specific:0#1', 'a x1 [1] specific:0#2']);
  });
  test('least_busy and round_robin deal in turns', () => {
    expect(plan('least_busy', [agent('a', ['x'], [1, 2]), agent('b', ['x'], [0, 2])])).toEqual([
      'b x1 [1] least_busy:0/2#1',
      'a x1 [1] least_busy:1/2#2',
      'b x1 [1] least_busy:1/2#1',
    ]);
    expect(plan('round_robin', [agent('a', ['x']), agent('b', ['x'])], 'a')).toEqual([
      'b x1 [1] round_robin#1',
      'a x1 [1] round_robin#2',
    ]);
  });
  test('priority: as listed', () => {
    expect(plan('priority', [agent('z', ['x']), agent('a', ['x', 'y'])])).toEqual([
      'z x1 [1] priority:1#1',
      'a x1 [1,2] priority:2#2',
    ]);
  });
  test('nothing free, nothing known', () => {
    expect(plan('capability_based', [agent('a', ['x'], [1, 1])])).toEqual([]);
    expect(plan('least_busy', [agent('a', ['none'])])).toEqual([]);
    expect(plan('priority', [])).toEqual([]);
  });
  test('who has nothing left: not the generalist while the specialist came back full', () => {
    const agents = [
      agent('wide', ['x', 'y'], [0, 2]),
      agent('narrow', ['x']),
      agent('none', ['q']),
    ];
    const table = routeTable(agents, known);
    const groups = planClaims({ strategy: 'capability_based', table, load: agents });
    expect(groups.map((group) => group.agent)).toEqual(['narrow', 'wide']);
    expect(drainedAgents(table, { groups, got: new Map([[0, 1]]) })).toEqual(['none']);
    expect(drainedAgents(table, { groups, got: new Map([[1, 2]]) })).toEqual(['narrow', 'none']);
    expect(drainedAgents(table, { groups, got: new Map() })).toEqual(['wide', 'narrow', 'none']);
  });
  test('C1, C2, C4: never over the slots, never a foreign route, never an idle route', () => {
    const knownArb = fc
      .array(neededArb, { maxLength: 6 })
      .map((sets) => sets.map((capabilities, key) => ({ key, capabilities })));
    fc.assert(
      fc.property(
        agentsArb,
        knownArb,
        strategyArb,
        lastArb,
        (...[agents, routes, strategy, lastAgent]) => {
          const groups = planClaims({
            strategy,
            table: routeTable(agents, routes),
            load: agents,
            lastAgent,
          });
          for (const each of agents) {
            const own = groups.filter((group) => group.agent === each.name);
            const total = own.reduce((sum, group) => sum + group.slots, 0);
            expect(total).toBeLessThanOrEqual(each.slots - each.busy);
            const allowed = routesOf(each, routes);
            for (const group of own)
              for (const route of group.routes) expect(allowed).toContain(route);
            if (each.busy === each.slots) continue;
            for (const route of allowed)
              expect(groups.some((group) => group.routes.includes(route))).toBe(true);
          }
          for (const group of groups) expect(group.slots).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
