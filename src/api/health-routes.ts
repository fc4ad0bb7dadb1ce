/** Probes, public and terse: /healthz says that the process answers, /readyz that it accepts work. */
import type { ApiApp, RouteOptions } from './http-routes.ts';

/** A store that is slower than this is not ready, whatever it answers later. */
const STORE_LIMIT_MS = 2_000;

export function addHealthRoutes(app: ApiApp, options: RouteOptions): void {
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', async (c) =>
    (await isReady(options)) ? c.text('ok\n') : c.text('not ready\n', 503),
  );
}

async function isReady({ hive, clock, isReady: isUp }: RouteOptions): Promise<boolean> {
  if (!isUp()) return false;
  let stop = (): void => undefined;
  const late = new Promise<false>((resolve) => {
    stop = clock.after(STORE_LIMIT_MS, () => {
      resolve(false);
    });
  });
  const health = hive.store.health().then(
    ({ accepting }) => accepting,
    () => false,
  );
  try {
    return await Promise.race([health, late]);
  } finally {
    stop();
  }
}
