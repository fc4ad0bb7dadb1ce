/**
 * The REST transport: every operation at its route, errors as problem+json. No decisions here.
 * Order of checks: Host and Origin, token, body size, then the operation (permission, schema, handler).
 * /healthz, /readyz and the status page need no token: see page/page-routes.ts for what the page shows and why.
 */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { hiveError, toHiveError } from '../contract/index.ts';
import { invokeOperation, operations } from '../operations/index.ts';
import type { Operation } from '../operations/index.ts';
import type { ApiOptions } from './api-options.ts';
import { addHealthRoutes } from './health-routes.ts';
import { addPageRoutes } from './page/page-routes.ts';
import { toProblem } from './problem.ts';
import { readJsonBody } from './read-body.ts';
import { checkOrigin, tokenCheck } from './request-guard.ts';

export interface RouteOptions extends ApiOptions {
  /** `host:port` texts of this server. */
  names: () => ReadonlySet<string>;
  /** Aborted when the server stops. */
  stopping: AbortSignal;
}

export interface ApiEnvironment {
  Bindings: HttpBindings;
  Variables: { requestId: string; operation: string };
}
export type ApiContext = Context<ApiEnvironment>;
export type ApiApp = Hono<ApiEnvironment>;

const BASE = '/api/v1';
/** Names and settings around a payload that is itself limited. */
const ENVELOPE_BYTES = 16 * 1024;

export function createRoutes(options: RouteOptions): ApiApp {
  const app = new Hono<ApiEnvironment>();
  const checkToken = tokenCheck(options.token);
  app.use(async (c, next) => {
    c.set('requestId', options.ids.make('log').slice(-12));
    c.set('operation', 'none');
    const began = options.clock.mono();
    await next();
    c.header('x-request-id', c.get('requestId'));
    c.header('x-content-type-options', 'nosniff');
    c.header('cache-control', 'no-store');
    c.header('referrer-policy', 'no-referrer');
    const labels = { operation: c.get('operation'), status: String(c.res.status) };
    options.telemetry.observeLatency((options.clock.mono() - began) / 1_000, labels);
  });
  app.use(async (c, next) => {
    checkOrigin(
      {
        host: c.req.header('host'),
        origin: c.req.header('origin'),
        fetchSite: isNavigation(c) ? undefined : c.req.header('sec-fetch-site'),
      },
      options.names(),
    );
    await next();
  });
  addHealthRoutes(app, options);
  addPageRoutes(app, options);
  app.use('/api/*', async (c, next) => {
    checkToken(c.req.header('authorization'));
    await next();
  });
  for (const operation of operations) addOperation(app, operation, options);
  app.notFound((c) => {
    throw hiveError('NOT_FOUND', {
      message: `there is no ${c.req.method} ${c.req.path.slice(0, 200)}`,
    });
  });
  app.onError((error, c) => answerError(c, error, options));
  return app;
}

/** A click on a link to the page from another site is harmless: it reads nothing for that site. */
function isNavigation(c: ApiContext): boolean {
  return (
    c.req.method === 'GET' &&
    !c.req.path.startsWith('/api/') &&
    c.req.header('sec-fetch-mode') === 'navigate' &&
    c.req.header('sec-fetch-dest') === 'document'
  );
}

function addOperation(app: ApiApp, operation: Operation, options: RouteOptions): void {
  const { method, path } = operation.http;
  app.on(method, `${BASE}${path}`, async (c) => {
    c.set('operation', operation.name);
    const signal = AbortSignal.any([c.req.raw.signal, options.stopping]);
    const { hive, principal, clock, ids } = options;
    const input = await readInput(c, operation, options);
    const context = { hive, principal, clock, ids, signal };
    return c.json((await invokeOperation(context, operation.name, input)) as object);
  });
}

async function readInput(
  c: ApiContext,
  operation: Operation,
  options: RouteOptions,
): Promise<unknown> {
  const parts = c.req.param() as Record<string, string>;
  if (operation.http.method === 'GET') return { ...c.req.query(), ...parts };
  const body = await readJsonBody(
    {
      contentType: c.req.header('content-type'),
      contentLength: c.req.header('content-length'),
      contentEncoding: c.req.header('content-encoding'),
      stream: c.req.raw.body,
    },
    options.hive.maxPayloadBytes + ENVELOPE_BYTES,
  );
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw hiveError('INPUT_INVALID', { message: 'the body must be a JSON object' });
  }
  const key = c.req.header('idempotency-key');
  const hasKey = key !== undefined && 'idempotencyKey' in operation.input.shape;
  return { ...body, ...(hasKey ? { idempotencyKey: key } : {}), ...parts };
}

function answerError(c: ApiContext, thrown: unknown, { telemetry }: RouteOptions): Response {
  const error = toHiveError(thrown);
  const problem = toProblem(error, c.get('requestId'));
  if (error.status >= 500) {
    telemetry.log('ERROR', 'a request failed', { requestId: problem.requestId, error });
  }
  if (error.code === 'TOKEN_INVALID') c.header('www-authenticate', 'Bearer');
  if (error.status === 429 || error.status === 503) c.header('retry-after', '1');
  // The rest of a refused body is not worth reading.
  if (error.status === 413) c.header('connection', 'close');
  c.header('content-type', 'application/problem+json');
  return c.body(JSON.stringify(problem), error.status as 400);
}
