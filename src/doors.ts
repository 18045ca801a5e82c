// The addresses on which the bridge is spoken to: one for each source, and the second listener for those who run it.

import Router from '@koa/router';
import type Koa from 'koa';
import { administration } from './admin/administration.ts';
import { adminDoor } from './admin/door.ts';
import type { Ambient } from './ambient.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { health } from './health.ts';
import { runUntilReleased } from './loop.ts';
import { type Parts, statusOf } from './parts.ts';
import { application, listen, type Listener, listenNear } from './server.ts';
import { telemetryRoutes } from './telemetry/routes.ts';

/** A request in hand that takes longer to arrive is cut off; its sender sends it again. */
const requestGraceMs = 5_000;

/** A listener for each source; who may push stands before Catchpoint's. */
export async function openDoors({ sources: { doors }, access }: Parts, ambient: Ambient) {
  const listeners: Listener[] = [];
  try {
    for (const { source, address, mount } of doors) {
      const { middlewares, ...guards } = source === 'catchpoint' ? access : { middlewares: [] };
      listeners.push(await listen(routed(ambient, mount, middlewares), address, guards));
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => closed(listener, ambient.clock, AbortSignal.abort())));
    throw error;
  }
  const urlOf = (source: string): string | undefined => listeners[doors.findIndex((door) => door.source === source)]?.url;
  return { listeners, pushUrl: listeners[0]?.url ?? '', backstopUrl: urlOf('backstop') };
}

/** The second listener: health and the status page for everybody who reaches it, and the administration. */
export async function openAdmin(config: Config, ambient: Ambient, parts: Parts, releases: (() => Promise<unknown>)[]): Promise<string> {
  const asked = administration({ spool: parts.spool, retryLetter: parts.sources.retryLetter, clock: ambient.clock });
  const door = await adminDoor({ administration: asked, stateDir: config.stateDir, log: ambient.log, reload: ambient.reloading?.reload });
  const app = routed(ambient, (router) => {
    health(router, () => statusOf(parts));
    telemetryRoutes(router, parts.snapshot);
    door.mount(router);
    parts.page.mount(router);
  });
  const admin = await listenNear(app, config.adminListen, { mayMove: !config.adminListenChosen });
  releases.push(() => closed(admin, ambient.clock, AbortSignal.abort()), door.close);
  runUntilReleased(parts.page.run, releases);
  await door.open(admin.url);
  return admin.url;
}

/** Closes a listener; what is in hand is cut off after its grace, or at once when there is a hurry. */
export async function closed(listener: Listener, clock: Clock, hurry: AbortSignal): Promise<void> {
  const over = new AbortController();
  const closing = listener.close().finally(() => over.abort());
  await clock.sleep(hurry.aborted ? 0 : requestGraceMs, { signal: AbortSignal.any([hurry, over.signal]) }).catch(() => undefined);
  listener.cut();
  await closing;
}

function routed({ log, clock }: Ambient, mount: (router: Router) => void, middlewares: readonly Koa.Middleware[] = []): Koa {
  const router = new Router();
  mount(router);
  const app = application(log, clock);
  for (const middleware of middlewares) app.use(middleware);
  app.use(router.routes()).use(router.allowedMethods());
  return app;
}
