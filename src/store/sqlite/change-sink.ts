// What a changed task tells the writer: hints that go out after the commit.

import type { TaskKey } from '../../contract/index.ts';
import type { LaneEntry } from './dictionaries.ts';

export interface ChangeSink {
  ready(lane: LaneEntry): void;
  /** The owner of a leased task was out-fenced. */
  revoked(key: TaskKey): void;
}
