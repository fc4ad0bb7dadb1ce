/** The context object that an author's function gets: every function of it, each free of `this`, in terms of its execution. */
import type { AgentContext, LogLine } from '../authoring/agent-context.ts';
import type { Effects } from './effects.ts';
import type { AttemptFacts } from './execution-core.ts';
import type { Steps } from './steps.ts';
import type { WaitVerbs } from './wait-verbs.ts';

/** What stands behind the context. Each function throws when the author's code must not use it now. */
export interface ContextParts {
  readonly facts: AttemptFacts;
  readonly steps: Steps;
  signal(): AbortSignal;
  effects(what: string): Effects;
  waiting(what: string): WaitVerbs;
  log(line: LogLine): void;
  progress(data: Readonly<Record<string, unknown>>): void;
}

type Verb<Name extends 'run' | 'delegate' | 'request'> = Parameters<AgentContext[Name]>[0];

export function authorContext(parts: ContextParts, input: unknown): AgentContext {
  const { taskId, runId, agent } = parts.facts;
  const { steps } = parts;
  return {
    input,
    taskId,
    runId,
    agent,
    get attempt() {
      return parts.facts.attempt; // the next turn of a suspended execution may be another try
    },
    get signal() {
      return parts.signal();
    },
    step: (name, work) => steps.run(name, work),
    effect: async (key, call, options) => parts.effects(`effect "${key}"`).run(key, call, options),
    sleep: async (delayMs) => parts.waiting('sleep').sleep(delayMs),
    sleepUntil: async (timeMs) => parts.waiting('sleepUntil').sleepUntil(timeMs),
    approve: async (question) => parts.waiting('approve').approve(question),
    waitFor: async (event, options) => parts.waiting('waitFor').waitFor(event, options),
    run: async <T>(child: Verb<'run'>) => (await parts.waiting('run').run(child)) as T,
    delegate: async <T>(work: Verb<'delegate'>) =>
      (await parts.waiting('delegate').delegate(work)) as T,
    request: async <T>(work: Verb<'request'>) =>
      (await parts.waiting('request').request(work)) as T,
    log: (level, message, fields) => {
      parts.log(fields === undefined ? { level, message } : { level, message, fields });
    },
    progress: (data) => {
      parts.progress(data);
    },
    now: () => steps.now(),
    random: () => steps.random(),
  };
}
