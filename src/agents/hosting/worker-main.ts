/**
 * The entry module of every agent worker: one attempt at a time, told by messages.
 * Owns: the execution of its current job, loaded agent modules. Does not own: deadlines and the heap
 * limit (the hive ends the whole worker), suspended closures (dropped at once: the worker is worth more).
 * I1: `done` is sent once per job, and only when the author's function is over or asleep, so two jobs
 * never share the worker. I2: whatever cannot be sent (a function in a log field) costs that message only.
 */
import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { hiveError } from '../../contract/index.ts';
import type { AttemptHost, AttemptOutcome } from '../../contract/index.ts';
import { systemClock, systemUniform } from '../../kernel/index.ts';
import { isAgentDefinition } from '../authoring/define-agent.ts';
import type { AgentDefinition } from '../authoring/define-agent.ts';
import { codeOf } from './code-pin.ts';
import { cancelled } from './ends.ts';
import { Execution } from './execution.ts';
import { failed } from './outcomes.ts';
import type { FromWorker, JournalAnswer, ToWorker } from './worker-messages.ts';

type RunMessage = Extract<ToWorker, { kind: 'run' }>;

/** Lines and progress of one attempt; a loop that logs must not fill the hive's memory. */
const MAX_SIGNALS = 10_000;

interface LoadedAgent {
  readonly definition: AgentDefinition;
  /** Pin of the code that is loaded, whatever the file says by now. */
  readonly code: string;
}

const agents = new Map<string, Promise<LoadedAgent>>();
const writes = new Map<number, (answer: JournalAnswer) => void>();
let nextWrite = 0;
let live: { readonly job: number; abort(): void } | undefined;

const port = parentPort;
if (port === null) throw hiveError('INTERNAL', { message: 'worker-main runs in a worker only' });

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'run':
      void run(message);
      return;
    case 'journal-written':
      writes.get(message.write)?.(message.written);
      writes.delete(message.write);
      return;
    case 'abort':
      if (live?.job === message.job) live.abort();
      return;
    default:
      message satisfies never;
  }
});

async function run(message: RunMessage): Promise<void> {
  const { job, facts, maxPayloadBytes } = message;
  let outcome: AttemptOutcome | undefined;
  let over = false;
  let isSent = false;
  const done = (): void => {
    if (outcome === undefined || !over || isSent) return;
    isSent = true;
    live = undefined;
    send({ kind: 'done', job, outcome });
  };
  try {
    const { definition, code } = await agentOf(message);
    const settings = {
      definition,
      code,
      clock: systemClock,
      random: systemUniform,
      maxPayloadBytes,
      onReturned: () => {
        over = true;
        done();
      },
    };
    const end = (ended: AttemptOutcome): void => {
      outcome = ended;
      if (ended.status === 'suspended') over = true;
      done();
    };
    const execution = new Execution(settings, { facts, host: hostOf(job), end });
    live = {
      job,
      abort: () => {
        const { outcome: ended, reason } = cancelled();
        execution.stop(ended, reason);
      },
    };
    execution.start();
  } catch (error) {
    outcome = failed(error, 'AGENT_INVALID');
    over = true;
    done();
  }
}

/** Loads the module once per URL. Throws AGENT_INVALID. */
async function agentOf({ module, exportName, facts }: RunMessage): Promise<LoadedAgent> {
  const key = `${module}#${exportName}`;
  let loading = agents.get(key);
  if (loading === undefined) {
    loading = load(module, exportName);
    agents.set(key, loading);
    loading.catch(() => agents.delete(key)); // the next attempt tries again
  }
  const agent = await loading;
  const { definition } = agent;
  if (definition.manifest.name !== facts.agent) {
    throw hiveError('AGENT_INVALID', {
      message: `${module} exports the agent ${definition.manifest.name} as ${exportName}, not ${facts.agent}`,
    });
  }
  return agent;
}

async function load(module: string, exportName: string): Promise<LoadedAgent> {
  // read before it is imported: a file that changes in between is then taken for other code, never for the same
  const source = module.startsWith('file:')
    ? await readFile(new URL(module)).catch(() => undefined)
    : undefined;
  const exports = (await import(module)) as Readonly<Record<string, unknown>>;
  const found = exports[exportName];
  if (isAgentDefinition(found)) return { definition: found, code: codeOf(found.manifest, source) };
  throw hiveError('AGENT_INVALID', {
    message: `${module} has no agent as its export "${exportName}"; export what defineAgent returns`,
  });
}

function hostOf(job: number): AttemptHost {
  let signals = 0;
  const signal = (message: FromWorker): void => {
    if (++signals <= MAX_SIGNALS) return send(message);
    if (signals > MAX_SIGNALS + 1) return;
    const text = `more than ${MAX_SIGNALS} log lines and progress signals: the rest is dropped`;
    send({ kind: 'log', job, line: { level: 'WARNING', message: text } });
  };
  return {
    appendJournal: async (steps, options) => {
      const write = nextWrite++;
      const answer = await new Promise<JournalAnswer>((resolve) => {
        writes.set(write, resolve);
        send({ kind: 'journal', job, write, steps, reset: options?.reset === true });
      });
      if (answer.kind === 'error')
        throw hiveError('STORE_UNAVAILABLE', { message: answer.message });
      return answer.kind === 'written';
    },
    log: (line) => {
      signal({ kind: 'log', job, line });
    },
    progress: (data) => {
      signal({ kind: 'progress', job, data });
    },
  };
}

function send(message: FromWorker): void {
  try {
    port?.postMessage(message);
  } catch (error) {
    if (message.kind === 'done') throw error; // outcomes are JSON by construction
    const text = `a ${message.kind} could not be sent: ${String(error)}`;
    port?.postMessage({ kind: 'log', job: message.job, line: { level: 'WARNING', message: text } });
  }
}
