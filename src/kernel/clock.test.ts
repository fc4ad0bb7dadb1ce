import { expect, test } from 'vitest';
import { manualClock, systemClock } from './clock.ts';

test('the manual clock fires what is due, in order of time, also what is set while it moves', () => {
  const clock = manualClock(1_000);
  const fired: string[] = [];
  clock.after(30, () => fired.push(`c@${clock.now()}`));
  clock.after(10, () => {
    fired.push(`a@${clock.now()}`);
    clock.after(5, () => fired.push(`b@${clock.now()}`));
  });
  const cancel = clock.after(20, () => fired.push('never'));
  cancel();
  clock.advance(29);
  expect(fired).toEqual(['a@1010', 'b@1015']);
  clock.advance(1);
  expect(fired).toEqual(['a@1010', 'b@1015', 'c@1030']);
  expect([clock.now(), clock.mono()]).toEqual([1_030, 30]);
});

test('I1: monotonic time never goes back', () => {
  let last = systemClock.mono();
  for (let i = 0; i < 1_000; i++) {
    const present = systemClock.mono();
    expect(present).toBeGreaterThanOrEqual(last);
    last = present;
  }
});

test('the system clock calls back once, and not at all when cancelled', async () => {
  let cancelled = 0;
  const cancel = systemClock.after(0, () => cancelled++);
  cancel();
  await new Promise<void>((resolve) => {
    // Our own timer keeps the process alive: the clock's timers do not.
    const keep = setTimeout(() => undefined, 5_000);
    systemClock.after(1, () => {
      clearTimeout(keep);
      resolve();
    });
  });
  expect(cancelled).toBe(0);
});
