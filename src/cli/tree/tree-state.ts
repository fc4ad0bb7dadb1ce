/** What the live tree knows of a run: its newest view, and start times that only signals carry yet. Pure. */
import type { OperationOutput, RunView } from '../../contract/index.ts';

export interface TreeState {
  run: RunView;
  /** Task id to the time its work began. */
  startedMs: ReadonlyMap<string, number>;
}

/** Start times kept: those of the tasks that the view shows. */
export function nextTreeState(
  before: TreeState | undefined,
  answer: OperationOutput<'run.watch'>,
): TreeState {
  const known = new Map(before?.startedMs);
  for (const { type, taskId, atMs } of answer.signals) {
    if (type === 'task.started' && taskId !== null) known.set(taskId, atMs);
  }
  const shown = answer.run.active.flatMap(({ id, startedMs }): [string, number][] => {
    const began = startedMs ?? known.get(id);
    return began === undefined ? [] : [[id, began]];
  });
  return { run: answer.run, startedMs: new Map(shown) };
}
