/** The hive's own agent: does the tasks of the control nodes of every workflow. */
import { FLOW_CAPABILITY } from '../../contract/index.ts';
import { defineAgent } from '../authoring/define-agent.ts';
import { flowInput } from './flow-data.ts';
import type { FlowTask } from './flow-data.ts';
import { approve, decide, loop, runWorkflow, wait } from './flow-nodes.ts';

/** Its tasks compute for microseconds and wait without a slot: this many at once never hold anything up. */
const TASKS_AT_ONCE = 200;

export const flowAgent = defineAgent({
  name: 'flow',
  type: 'workflow',
  version: '1.0.0',
  description: 'Decisions, approvals, waits, sub-workflows and loops of workflows.',
  capabilities: [FLOW_CAPABILITY],
  placement: 'inline',
  concurrency: TASKS_AT_ONCE,
  input: flowInput,
  execute: (context) => {
    const { input } = context;
    switch (input.node.kind) {
      case 'decision':
        return decide(input as FlowTask<'decision'>);
      case 'approval':
        return approve(input as FlowTask<'approval'>, context);
      case 'wait':
        return wait(input as FlowTask<'wait'>, context);
      case 'workflow':
        return runWorkflow(input as FlowTask<'workflow'>, context);
      case 'loop':
        return loop(input as FlowTask<'loop'>, context);
      default:
        return input.node satisfies never;
    }
  },
});
