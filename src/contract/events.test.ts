import { expect, test } from 'vitest';
import { eventData } from './event-data.ts';
import { eventTypeName, eventTypes } from './events.ts';
import type { EventType } from './events.ts';

const names = Object.keys(eventTypes) as EventType[];

test('S0-163 to S0-172: the names of the seed are there verbatim', () => {
  const seed = [
    'agent.registered',
    'agent.status_changed',
    'agent.task_assigned',
    'task.created',
    'task.started',
    'task.completed',
    'task.failed',
    'metrics.update',
    'system.alert',
    'config.changed',
  ];
  for (const name of seed) expect(names).toContain(name);
});

test('I1: names are noun.verb; numbers are unique and convert both ways', () => {
  for (const name of names) expect(name).toMatch(/^[a-z]+\.[a-z_]+$/);
  expect(new Set(Object.values(eventTypes)).size).toBe(names.length);
  for (const name of names) expect(eventTypeName(eventTypes[name])).toBe(name);
  expect(() => eventTypeName(0)).toThrow(RangeError);
});

test('every event has a schema for its data, and no schema is without its event', () => {
  expect(Object.keys(eventData).toSorted()).toEqual(names.toSorted());
});
