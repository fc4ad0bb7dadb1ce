/**
 * The AgentRunner port (contract/agent-runner.ts, R1 to R5): hosts agents inline or in worker threads.
 * Owns: which agent runs where. Does not own: slots, leases, retries (the dispatcher's).
 */
import { hiveError, jsonLimits } from '../../contract/index.ts';
import type { AgentManifest, AgentRunner } from '../../contract/index.ts';
import { systemUniform } from '../../kernel/index.ts';
import type { Clock, Random } from '../../kernel/index.ts';
import type { AgentSource } from './agent-source.ts';
import { Deadlines } from './deadlines.ts';
import { shutDown } from './ends.ts';
import { InlineHost } from './inline-host.ts';
import { failed } from './outcomes.ts';
import { ThreadHost } from './thread-host.ts';

export interface AgentRunnerOptions {
  readonly agents: readonly AgentSource[];
  readonly clock: Clock;
  /** For ctx.random() of inline agents. */
  readonly random?: Random;
  /** Worker threads at most; they start on demand. */
  readonly threads: number;
  /** JavaScript heap of one worker. */
  readonly heapMb: number;
  /** Limit of a result and of a step's result. */
  readonly maxPayloadBytes?: number;
}

/** Throws AGENT_INVALID when two agents have one name. */
export function createAgentRunner(options: AgentRunnerOptions): AgentRunner {
  const { clock, random = systemUniform, maxPayloadBytes = jsonLimits.bytes } = options;
  const sources = sourcesByName(options.agents);
  const deadlines = new Deadlines(clock);
  const inline = new InlineHost({ clock, random, maxPayloadBytes, deadlines });
  const { threads, heapMb } = options;
  const workers = new ThreadHost({ clock, deadlines, threads, heapMb, maxPayloadBytes });
  let closed = false;
  return {
    manifests: (): readonly AgentManifest[] => options.agents.map((each) => each.manifest),
    run: (attempt, host) => {
      const source = sources.get(attempt.agent);
      if (closed) return Promise.resolve(shutDown().outcome);
      if (source === undefined) {
        const message = `this hive has no agent "${attempt.agent}"`;
        return Promise.resolve(failed(hiveError('AGENT_UNKNOWN', { message })));
      }
      switch (source.placement) {
        case 'inline':
          return inline.run(source.definition, attempt, host);
        case 'thread':
          return workers.run(source, attempt, host);
        default:
          return source satisfies never;
      }
    },
    forget: (taskKey) => {
      inline.forget(taskKey);
    },
    close: async () => {
      closed = true;
      inline.close();
      await workers.close();
    },
  };
}

function sourcesByName(agents: readonly AgentSource[]): ReadonlyMap<string, AgentSource> {
  const sources = new Map<string, AgentSource>();
  for (const source of agents) {
    const { name } = source.manifest;
    if (sources.has(name)) {
      throw hiveError('AGENT_INVALID', { message: `two agents are called "${name}"; rename one` });
    }
    sources.set(name, source);
  }
  return sources;
}
