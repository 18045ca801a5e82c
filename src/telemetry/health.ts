// The health endpoint on the second listener: whether the process is alive, and what flows through it.

import type Router from '@koa/router';

/** Mounts `/healthz`: 200 while the process answers, with its status as JSON. */
export function health(router: Router, status: () => object): void {
  router.get('/healthz', (context) => {
    context.body = { status: 'ok', ...status() };
  });
}
