/** Forks a run: a new run that keeps what came before a node (or a step in it) and does the rest anew, with other input if wanted. */
import { encodeJson, hiveError, parseId } from '../contract/index.ts';
import type { OperationInput } from '../contract/index.ts';
import type { HivePort } from './hive-port.ts';
import { defineOperation } from './operation.ts';
import { locateRun } from './run-reads.ts';

export const runFork = defineOperation('run.fork', {
  summary: 'Begin a new run from a place in another one',
  permission: 'run:write',
  startsWork: true,
  handler: async (context, input) => {
    checkPoint(input);
    await locateRun(context, input.id);
    const { name, tenant } = context.principal;
    const { node, item, step, occurrence } = input.from;
    return context.hive.forkRun(
      {
        run: parseId('run', input.id),
        from: {
          ...(node === undefined ? {} : { node }),
          ...(item === undefined ? {} : { item }),
          ...(step === undefined ? {} : { step }),
          ...(occurrence === undefined ? {} : { occurrence }),
        },
        ...inputText(context.hive, input),
      },
      { actor: name, tenant },
    );
  },
});

/** A place inside a node needs the node. Throws INPUT_INVALID. */
function checkPoint({ from, nodeInput }: OperationInput<'run.fork'>): void {
  if (from.node !== undefined) return;
  const needs = [
    ...(from.item === undefined ? [] : ['from.item']),
    ...(from.step === undefined ? [] : ['from.step']),
    ...(nodeInput === undefined ? [] : ['nodeInput']),
  ];
  if (needs.length === 0) return;
  throw hiveError('INPUT_INVALID', {
    message: `${needs.join(' and ')} ${needs.length === 1 ? 'needs' : 'need'} from.node`,
    details: { fix: ['name the node: hive run fork <run> --from <node>[#item][:step]'] },
  });
}

function inputText(
  { maxPayloadBytes }: HivePort,
  { input, nodeInput }: OperationInput<'run.fork'>,
): { inputJson?: string; nodeInputJson?: string } {
  return {
    ...(input === undefined
      ? {}
      : { inputJson: encodeJson(input, 'the input of the run', maxPayloadBytes) }),
    ...(nodeInput === undefined
      ? {}
      : { nodeInputJson: encodeJson(nodeInput, 'the input of the node', maxPayloadBytes) }),
  };
}
