// The addresses on which the bridge is spoken to: one for each source, and the second listener for those who run it.

import { refusalCounts } from '../auth/refusal-counts.ts';
import { administration } from '../admin/administration.ts';
import { adminEndpoint } from '../admin/admin-endpoint.ts';
import type { ProcessContext } from './process-context.ts';
import type { Config } from '../config/config.ts';
import { health } from '../telemetry/health.ts';
import { runInBackground } from '../runtime/background-task.ts';
import { type Parts, statusOf } from './parts.ts';
import { pushMiddleware } from '../sources/catchpoint/push-middleware.ts';
import { listen, type Listener, listenNear } from '../http/server.ts';
import { closeGracefully, routedApp } from '../http/routed-app.ts';
import { type StatusPage, statusPage } from '../status/status-page.ts';
import { telemetryRoutes } from '../telemetry/routes.ts';

/** A listener for each source; who may push stands before Catchpoint's, and its workers where it has some. */
export async function openListeners({ sources: { doors, pushes }, access, crew }: Parts, ambient: ProcessContext) {
  const listeners: Listener[] = [];
  try {
    for (const { source, address, mount } of doors) {
      if (source !== 'catchpoint' || pushes === undefined)
        listeners.push(await listen(routedApp(ambient, mount), address));
      else if (crew !== undefined) listeners.push(await crew.listen(pushes.intake));
      else
        listeners.push(
          await listen(
            routedApp(ambient, mount, {
              first: pushMiddleware(access.entrance, pushes),
              middlewares: access.middlewares,
            }),
            address,
            access,
          ),
        );
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => closeGracefully(listener, ambient.clock, AbortSignal.abort())));
    throw error;
  }
  const urlOf = (source: string): string | undefined =>
    listeners[doors.findIndex((door) => door.source === source)]?.url;
  return { listeners, pushUrl: listeners[0]?.url ?? '', backstopUrl: urlOf('backstop') };
}

/** The second listener: health and the status page for everybody who reaches it, and the administration. */
export async function openAdminListener(
  config: Config,
  ambient: ProcessContext,
  parts: Parts,
  releases: (() => Promise<unknown>)[],
): Promise<string> {
  const asked = administration({ spool: parts.spool, retryLetter: parts.sources.retryLetter, clock: ambient.clock });
  const page = pageOf(parts, ambient);
  const door = await adminEndpoint({
    administration: asked,
    stateDir: config.stateDir,
    log: ambient.log,
    reload: ambient.reloading?.reload,
  });
  const app = routedApp(ambient, (router) => {
    health(router, () => statusOf(parts));
    telemetryRoutes(router, parts.snapshot);
    door.mount(router);
    page.mount(router);
  });
  const admin = await listenNear(app, config.adminListen, { mayMove: !config.adminListenChosen });
  releases.push(() => closeGracefully(admin, ambient.clock, AbortSignal.abort()), door.close);
  runInBackground(page.run, releases);
  await door.open(admin.url);
  return admin.url;
}

function pageOf(
  { access, sources, spool, seen, snapshot }: Parts,
  { clock, log, reloading }: ProcessContext,
): StatusPage {
  const besides = () => ({
    turnedAway: refusalCounts(access.status()),
    backstop: sources.status().backstop,
    configuration: reloading?.state(),
  });
  return statusPage({
    seen,
    snapshot,
    besides,
    directory: sources.directory,
    letters: [spool.deadLetters, spool.samples],
    clock,
    log,
  });
}
