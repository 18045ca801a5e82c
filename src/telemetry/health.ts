// The health endpoint of the admin listener.

import type Router from '@koa/router';

/** Mounts `/healthz`. It answers 200 while the process runs, with the status as JSON. */
export function health(router: Router, status: () => object): void {
  router.get('/healthz', (context) => {
    context.body = { status: 'ok', ...status() };
  });
}
