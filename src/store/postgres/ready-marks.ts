// Lanes whose tasks a flush makes ready, for the hints after its commit.

import type { LaneKey } from '../../contract/index.ts';
import type { FlushScope } from './insert-rows.ts';

export async function markReady(scope: FlushScope, lanes: readonly LaneKey[]): Promise<void> {
  if (lanes.length === 0) return;
  await scope.dictionaries.learnKeys(lanes);
  for (const key of lanes) {
    const lane = scope.dictionaries.laneByKey(key);
    if (lane !== undefined) scope.effects.ready.add(lane);
  }
}
