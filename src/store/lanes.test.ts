import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LaneScheduler } from './lanes.ts';
import type { Lane } from './lanes.ts';

const lane = (key: number, tenant: number, route = 1): Lane => ({ key, tenant, route });

/** Drives the scheduler as a driver does, with an endless queue behind every lane; returns tasks per tenant. */
function drive(
  scheduler: LaneScheduler,
  options: { lanes: readonly Lane[]; picks: readonly number[]; routes?: readonly number[] },
): Map<number, number> {
  const tenantOf = new Map(options.lanes.map((each) => [each.key, each.tenant]));
  const got = new Map<number, number>();
  for (const slots of options.picks) {
    let sum = 0;
    for (const pick of scheduler.pick(options.routes ?? [1], slots)) {
      const tenant = tenantOf.get(pick.lane) ?? -1;
      got.set(tenant, (got.get(tenant) ?? 0) + pick.count);
      sum += pick.count;
    }
    expect(sum).toBe(slots);
  }
  return got;
}

describe('lane scheduler', () => {
  test('nothing ready: nothing picked', () => {
    const scheduler = new LaneScheduler();
    expect(scheduler.pick([1], 10)).toEqual([]);
    expect(scheduler.hasReady([1])).toBe(false);
    scheduler.mark(lane(1, 1));
    expect(scheduler.hasReady([1])).toBe(true);
    expect(scheduler.hasReady([2])).toBe(false);
    expect(scheduler.pick([2], 10)).toEqual([]);
    expect(scheduler.pick([1], 0)).toEqual([]);
  });

  test('I2: shares follow the weights, whatever the sizes of the picks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }),
        (weights, picks) => {
          const scheduler = new LaneScheduler((tenant) => weights[tenant] ?? 1);
          const lanes = weights.map((_, tenant) => lane(tenant + 100, tenant));
          for (const each of lanes) scheduler.mark(each);
          const got = drive(scheduler, { lanes, picks });
          const total = picks.reduce((sum, slots) => sum + slots, 0);
          const allWeights = weights.reduce((sum, weight) => sum + weight, 0);
          for (const [tenant, weight] of weights.entries()) {
            const fair = (total * weight) / allWeights;
            // Passes differ by at most one task of the lightest tenant; for the heaviest that is its weight in tasks.
            expect(Math.abs((got.get(tenant) ?? 0) - fair)).toBeLessThanOrEqual(
              Math.max(...weights) + 1,
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('I2: over many small picks the share is exact to one task per pick of the tenant', () => {
    const weights = [1, 2, 5];
    const scheduler = new LaneScheduler((tenant) => weights[tenant] ?? 1);
    const lanes = weights.map((_, tenant) => lane(tenant, tenant));
    for (const each of lanes) scheduler.mark(each);
    const got = drive(scheduler, { lanes, picks: Array.from({ length: 800 }, () => 1) });
    expect(Math.abs((got.get(0) ?? 0) - 100)).toBeLessThanOrEqual(1);
    expect(Math.abs((got.get(1) ?? 0) - 200)).toBeLessThanOrEqual(1);
    expect(Math.abs((got.get(2) ?? 0) - 500)).toBeLessThanOrEqual(1);
  });

  test('I3: a tenant that comes late starts now, without credit and without debt', () => {
    const scheduler = new LaneScheduler();
    const [busy, late] = [lane(1, 1), lane(2, 2)];
    scheduler.mark(busy);
    drive(scheduler, { lanes: [busy], picks: Array.from({ length: 500 }, () => 3) });
    scheduler.mark(late);
    const got = drive(scheduler, {
      lanes: [busy, late],
      picks: Array.from({ length: 100 }, () => 1),
    });
    expect(Math.abs((got.get(1) ?? 0) - 50)).toBeLessThanOrEqual(2);
  });

  test('I3: a tenant that went empty and came back gets no credit for the time between', () => {
    const scheduler = new LaneScheduler();
    const [busy, other] = [lane(1, 1), lane(2, 2)];
    scheduler.mark(busy);
    scheduler.mark(other);
    drive(scheduler, { lanes: [busy, other], picks: [4] });
    scheduler.empty(other, 0);
    drive(scheduler, { lanes: [busy, other], picks: Array.from({ length: 300 }, () => 2) });
    scheduler.mark(other);
    const got = drive(scheduler, {
      lanes: [busy, other],
      picks: Array.from({ length: 100 }, () => 1),
    });
    expect(Math.abs((got.get(1) ?? 0) - 50)).toBeLessThanOrEqual(2);
  });

  test('I4: the lanes of a tenant take turns', () => {
    const scheduler = new LaneScheduler();
    const lanes = [lane(1, 1), lane(2, 1), lane(3, 1)];
    for (const each of lanes) scheduler.mark(each);
    const order = Array.from({ length: 9 }, () => scheduler.pick([1], 1)[0]?.lane);
    expect(order).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  test('an empty lane is not picked again until it is marked; marking twice is once', () => {
    const scheduler = new LaneScheduler();
    const one = lane(1, 1);
    scheduler.mark(one);
    scheduler.mark(one);
    expect(scheduler.pick([1], 5)).toEqual([{ lane: 1, count: 5 }]);
    scheduler.empty(one, 2);
    expect(scheduler.pick([1], 5)).toEqual([]);
    scheduler.empty(one, 2);
    scheduler.mark(one);
    expect(scheduler.pick([1], 5)).toEqual([{ lane: 1, count: 5 }]);
  });

  test('what a lane could not use is not charged to its tenant', () => {
    const scheduler = new LaneScheduler();
    const [a1, a2, b] = [lane(1, 1), lane(2, 1), lane(3, 2)];
    for (const each of [a1, a2, b]) scheduler.mark(each);
    scheduler.pick([1], 20);
    scheduler.empty(a1, 10); // tenant 1 got nothing of its turn from this lane
    const got = drive(scheduler, { lanes: [a2, b], picks: Array.from({ length: 10 }, () => 1) });
    expect(got.get(1) ?? 0).toBeGreaterThanOrEqual(got.get(2) ?? 0);
  });

  test('routes are apart: only lanes of the asked routes are picked', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            tenant: fc.integer({ min: 1, max: 5 }),
            route: fc.integer({ min: 1, max: 5 }),
          }),
          { maxLength: 40 },
        ),
        fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 100 }),
        (specs, routes, slots) => {
          const scheduler = new LaneScheduler();
          const lanes = specs.map((spec, key) => lane(key, spec.tenant, spec.route));
          for (const each of lanes) scheduler.mark(each);
          const picks = scheduler.pick(routes, slots);
          const possible = lanes.some((each) => routes.includes(each.route));
          expect(picks.reduce((sum, pick) => sum + pick.count, 0)).toBe(possible ? slots : 0);
          for (const pick of picks) {
            expect(pick.count).toBeGreaterThan(0);
            expect(routes).toContain(lanes[pick.lane]?.route);
          }
          expect(new Set(picks.map((pick) => pick.lane)).size).toBe(picks.length);
          expect(scheduler.hasReady(routes)).toBe(possible);
        },
      ),
    );
  });

  test('I1: one pick touches at most 64 lanes, however many are ready', () => {
    const scheduler = new LaneScheduler();
    for (let key = 0; key < 5_000; key++) scheduler.mark(lane(key, key));
    expect(scheduler.pick([1], 1_000).length).toBeLessThanOrEqual(64);
  });

  test('every one of 1,000 tenants gets its turn before any gets a second', () => {
    const scheduler = new LaneScheduler();
    const lanes = Array.from({ length: 1_000 }, (_, key) => lane(key, key));
    for (const each of lanes) scheduler.mark(each);
    const got = drive(scheduler, { lanes, picks: Array.from({ length: 100 }, () => 10) });
    expect(got.size).toBe(1_000);
  });
});
