/** What the live tree knows of a run: its newest view, and what only signals carry: start times, and what agents say of their progress. Pure. */
import type { OperationOutput, RunView } from '../../contract/index.ts';
import { progressText } from './plain-lines.ts';

export interface TreeState {
  run: RunView;
  /** Task id to the time its work began. */
  startedMs: ReadonlyMap<string, number>;
  /** Task id to what its agent said last. */
  said?: ReadonlyMap<string, string>;
}

/** Start times kept: those of the tasks that the view shows. */
export function nextTreeState(
  before: TreeState | undefined,
  answer: OperationOutput<'run.watch'>,
): TreeState {
  const known = new Map(before?.startedMs);
  const said = new Map(before?.said);
  for (const { type, taskId, atMs, data } of answer.signals) {
    if (taskId === null) continue;
    if (type === 'task.started') known.set(taskId, atMs);
    if (type === 'task.progress') said.set(taskId, progressText({ data }));
  }
  const shown = answer.run.active.flatMap(({ id, startedMs }): [string, number][] => {
    const began = startedMs ?? known.get(id);
    return began === undefined ? [] : [[id, began]];
  });
  const open = new Set(answer.run.active.map(({ id }) => id));
  return {
    run: answer.run,
    startedMs: new Map(shown),
    said: new Map([...said].filter(([id]) => open.has(id))),
  };
}
