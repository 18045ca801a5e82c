// Applications with routes, and the graceful close of their listeners.

import Router from '@koa/router';
import type Koa from 'koa';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Answers, application, type Listener } from './server.ts';

/** A request in flight that takes longer is closed; its sender repeats it. */
const requestGraceMs = 5_000;

export function routedApp(
  { log, clock }: { readonly log: Log; readonly clock: Clock },
  mount: (router: Router) => void,
  {
    first,
    middlewares = [],
  }: { readonly first?: (answers: Answers) => Koa.Middleware; readonly middlewares?: readonly Koa.Middleware[] } = {},
): Koa {
  const router = new Router();
  mount(router);
  const app = application(log, clock, first);
  for (const middleware of middlewares) app.use(middleware);
  app.use(router.routes()).use(router.allowedMethods());
  return app;
}

/** Closes a listener. Requests in flight are closed after a grace period, or at once with the signal. */
export async function closeGracefully(
  listener: Pick<Listener, 'close' | 'cut'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const closed = new AbortController();
  const closing = listener.close().finally(() => closed.abort());
  await clock
    .sleep(signal.aborted ? 0 : requestGraceMs, { signal: AbortSignal.any([signal, closed.signal]) })
    .catch(() => undefined);
  listener.cut();
  await closing;
}
