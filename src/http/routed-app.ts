// A listener's application with its routes, and the end of a listener in good order.

import Router from '@koa/router';
import type Koa from 'koa';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Answers, application, type Listener } from './server.ts';

/** A request in hand that takes longer to arrive is cut off; its sender sends it again. */
const requestGraceMs = 5_000;

/** What stands before the routes of a listener. */
export interface BeforeRoutes {
  /** What answers for itself; see `application`. */
  readonly first?: (answers: Answers) => Koa.Middleware;
  /** In this order. */
  readonly middlewares?: readonly Koa.Middleware[];
}

/** The application of a listener. */
export function routedApp(
  { log, clock }: { readonly log: Log; readonly clock: Clock },
  mount: (router: Router) => void,
  { first, middlewares = [] }: BeforeRoutes = {},
): Koa {
  const router = new Router();
  mount(router);
  const app = application(log, clock, first);
  for (const middleware of middlewares) app.use(middleware);
  app.use(router.routes()).use(router.allowedMethods());
  return app;
}

/** Closes a listener; what is in hand is cut off after its grace, or at once when there is a hurry. */
export async function closeGracefully(
  listener: Pick<Listener, 'close' | 'cut'>,
  clock: Clock,
  hurry: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const closing = listener.close().finally(() => over.abort());
  await clock
    .sleep(hurry.aborted ? 0 : requestGraceMs, { signal: AbortSignal.any([hurry, over.signal]) })
    .catch(() => undefined);
  listener.cut();
  await closing;
}
