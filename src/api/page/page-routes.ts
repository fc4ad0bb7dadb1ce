/**
 * The status page, served without a token.
 *
 * Who can read it: programs of any user of this machine (the socket is on loopback), and pages that this server itself
 * delivered; a foreign web page cannot (Host and Origin are checked, no CORS header is sent). So it shows only what
 * such a reader may know: ids, titles, states, counts, names of agents, and where a report lies. Inputs, results,
 * error messages and the content of files need the token, which only the owner of the data directory can read.
 */
import { errorCodes, toHiveError } from '../../contract/index.ts';
import type { OperationOutput } from '../../contract/index.ts';
import { invokeOperation } from '../../operations/index.ts';
import type { OperationContext } from '../../operations/index.ts';
import { html } from 'hono/html';
import type { ApiApp, ApiContext, RouteOptions } from '../http-routes.ts';
import { homePage } from './home-page.ts';
import { contentSecurityPolicy, pageShell } from './page-shell.ts';
import type { Html } from './page-shell.ts';
import { runPage } from './run-page.ts';

const RUNS_SHOWN = 20;

export function addPageRoutes(app: ApiApp, options: RouteOptions): void {
  const context: OperationContext = {
    hive: options.hive,
    clock: options.clock,
    ids: options.ids,
    principal: {
      tenant: options.principal.tenant,
      project: options.principal.project,
      name: 'status page',
      permissions: new Set(['run:read', 'hive:read']),
    },
  };
  app.get('/', (c) =>
    show(c, async () => {
      const [status, list] = await Promise.all([
        invokeOperation(context, 'hive.status', {}) as Promise<OperationOutput<'hive.status'>>,
        invokeOperation(context, 'run.list', { limit: RUNS_SHOWN }) as Promise<
          OperationOutput<'run.list'>
        >,
      ]);
      return homePage({ status, runs: list.runs, nowMs: options.clock.now() });
    }),
  );
  app.get('/runs/:id', (c) =>
    show(c, async () => {
      const { id } = c.req.param();
      const run = await invokeOperation(context, 'run.show', { id });
      return runPage(run as OperationOutput<'run.show'>, options.clock.now());
    }),
  );
}

async function show(c: ApiContext, render: () => Promise<Html>): Promise<Response> {
  c.header('content-security-policy', contentSecurityPolicy);
  c.header('x-frame-options', 'DENY');
  try {
    const page = await render();
    return c.html(page);
  } catch (thrown) {
    const { code, status } = toHiveError(thrown);
    const { message, advice } = errorCodes[code];
    const body = html`<h2>${message}</h2>
      <p>${advice}</p>
      <p><code>${code}</code></p>`;
    c.status(status as 400);
    return c.html(pageShell({ title: `${message} - Hivewright`, body }));
  }
}
