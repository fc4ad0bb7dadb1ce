/**
 * The HTTP server of a hive, on a loopback address.
 * Owns: the socket, its time limits and its end. Does not own: the hive behind it.
 * I1: every wait is bounded (headers 10 s, request 30 s, keep-alive 60 s, a silent socket 60 s).
 * I2: connections and requests per connection are bounded. I3: close() ends long polls at once, lets running
 * requests finish for CLOSE_GRACE_MS, then cuts.
 *
 * States: opening > listening > closing > closed.
 */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { hiveError, toHiveError } from '../contract/index.ts';
import type { ApiOptions } from './api-options.ts';
import { createRoutes } from './http-routes.ts';
import { ownNames } from './request-guard.ts';

export interface Api {
  /** e.g. http://127.0.0.1:8000 */
  url: string;
  port: number;
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 60_000;
/** Longer than the longest long poll. */
const SILENT_SOCKET_MS = 60_000;
/** How often Node looks for connections over their time; its default of 30 s would triple the first limit. */
const CHECK_INTERVAL_MS = 2_000;
const MAX_REQUESTS_PER_SOCKET = 1_000;
/** A browser opens 6, a command 1; the rest is somebody's mistake. Each costs some 20 KB. */
const MAX_CONNECTIONS = 1_024;
const MAX_HEADER_BYTES = 16 * 1024;
const CLOSE_GRACE_MS = 2_000;
const SWEEP_MS = 20;

/** Listens, or throws PORT_IN_USE. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const stopping = new AbortController();
  let names: ReadonlySet<string> = new Set();
  const routes = createRoutes({ ...options, names: () => names, stopping: stopping.signal });
  const server = createAdaptorServer({
    fetch: routes.fetch,
    hostname: options.host,
    overrideGlobalObjects: false,
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
  }) as Server; // HTTP/1: no createServer of another kind was given
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SILENT_SOCKET_MS);
  const port = await listen(server, options);
  names = ownNames(options.host, port);
  const shown = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${shown}:${port}`,
    port,
    close: async () => {
      stopping.abort();
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      // A connection turns idle when its last answer is out: keep looking.
      const sweep = setInterval(() => {
        server.closeIdleConnections();
      }, SWEEP_MS);
      const cut = setTimeout(() => {
        server.closeAllConnections();
      }, CLOSE_GRACE_MS);
      await closed;
      clearTimeout(cut);
      clearInterval(sweep);
    },
  };
}

function listen(server: Server, { host, port }: ApiOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(whyNotListening(error, { host, port }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function whyNotListening(
  error: NodeJS.ErrnoException,
  { host, port }: { host: string; port: number },
): Error {
  const why = refusals[error.code ?? ''];
  if (why === undefined) return toHiveError(error);
  return hiveError('PORT_IN_USE', {
    message: `port ${port} of ${host} ${why}`,
    cause: error,
    details: { port },
  });
}

const refusals: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program',
  EACCES: 'may not be opened by this user',
};
