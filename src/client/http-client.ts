/** The client over HTTP. Needs nothing but fetch. */
import { hiveError, isHiveError, operationTable } from '../contract/index.ts';
import type { OperationName } from '../contract/index.ts';
import { errorFromProblem } from './error-from-problem.ts';
import { clientOver } from './hive-client.ts';
import type { CallOptions, HiveClient } from './hive-client.ts';

export interface ClientOptions {
  /** Of the hive, e.g. http://127.0.0.1:8000 */
  url: string;
  /** Content of the data directory's token file. */
  token: string;
  fetch?: typeof fetch;
}

/** An answer that takes longer is lost: every operation but a watch answers in milliseconds. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** A watch may wait this much longer than it was asked to. */
const WATCH_GRACE_MS = 10_000;

export function createClient(options: ClientOptions): HiveClient {
  const send = options.fetch ?? fetch;
  return clientOver(async (name, request, call) => {
    const { url, init } = toRequest(options, name, request);
    try {
      const response = await send(url, {
        ...init,
        redirect: 'error',
        signal: limits(call, request),
      });
      const body: unknown = await response.json().catch(() => undefined);
      if (response.ok) return body;
      throw errorFromProblem(response.status, body);
    } catch (error) {
      throw isHiveError(error) ? error : whyNoAnswer(error, { url: options.url, call });
    }
  });
}

function toRequest(
  { url, token }: ClientOptions,
  name: OperationName,
  request: unknown,
): { url: string; init: RequestInit } {
  const { method, path } = operationTable[name];
  const fields = { ...(request as Record<string, unknown>) };
  const filled = path.replace(/:(\w+)/g, (_, part: string) => {
    const value = fields[part];
    delete fields[part];
    return encodeURIComponent(String(value));
  });
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  const address = new URL(`/api/v1${filled}`, url);
  if (method === 'GET') {
    for (const [key, value] of Object.entries(fields)) {
      // Every field of a GET operation is text, a number or a flag.
      if (value !== undefined)
        address.searchParams.set(key, `${value as string | number | boolean}`);
    }
    return { url: address.href, init: { method, headers } };
  }
  headers['content-type'] = 'application/json';
  return { url: address.href, init: { method, headers, body: JSON.stringify(fields) } };
}

function limits({ signal, timeoutMs }: CallOptions, request: unknown): AbortSignal {
  const { waitMs } = request as { waitMs?: unknown };
  const own = typeof waitMs === 'number' ? waitMs + WATCH_GRACE_MS : DEFAULT_TIMEOUT_MS;
  const timeout = AbortSignal.timeout(timeoutMs ?? own);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

function whyNoAnswer(error: unknown, { url, call }: { url: string; call: CallOptions }) {
  if (call.signal?.aborted === true) {
    return hiveError('TASK_CANCELLED', { message: 'the call was given up', cause: error });
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return hiveError('TIMEOUT', { message: `${url} did not answer in time`, cause: error });
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  const why = typeof code === 'string' ? ` (${code})` : '';
  return hiveError('SERVER_UNREACHABLE', { message: `${url} does not answer${why}`, cause: error });
}
