/** Events as callers see them. */
import type { EventView, HiveEvent } from '../contract/index.ts';

export function toEventView({ tenant: _, ...event }: HiveEvent): EventView {
  return event;
}
