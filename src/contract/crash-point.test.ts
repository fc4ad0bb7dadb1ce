import { afterEach, expect, test } from 'vitest';
import { crashPoint, crashPoints, installCrashPlan } from './crash-point.ts';
import type { CrashPoint } from './crash-point.ts';

afterEach(() => {
  installCrashPlan(undefined);
});

test('a crash point is inert until a plan is installed, and again after it is taken away', () => {
  const seen: CrashPoint[] = [];
  crashPoint('C2');
  installCrashPlan((point) => seen.push(point));
  for (const point of Object.keys(crashPoints) as CrashPoint[]) crashPoint(point);
  expect(seen).toEqual(Object.keys(crashPoints));
  installCrashPlan(undefined);
  crashPoint('C2');
  expect(seen).toHaveLength(Object.keys(crashPoints).length);
});
