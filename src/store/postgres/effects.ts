// What a flush will have changed once it is committed: hints for this process and for others.

import type { TaskKey } from '../../contract/index.ts';
import type { LaneEntry } from './dictionaries.ts';

export class Effects {
  readonly ready = new Set<LaneEntry>();
  readonly revoked: TaskKey[] = [];
  events = false;
}
