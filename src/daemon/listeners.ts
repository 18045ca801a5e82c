// Opens the listeners: one for each source, and the admin listener for operators.

import { refusalCounts } from '../auth/refusal-counts.ts';
import { administration } from '../admin/administration.ts';
import { adminEndpoint } from '../admin/admin-endpoint.ts';
import type { Config } from '../config/config.ts';
import { listen, type Listener, listenNear } from '../http/server.ts';
import { closeGracefully, routedApp } from '../http/routed-app.ts';
import { type Releases, runInBackground } from '../runtime/background-task.ts';
import type { Catchpoint } from '../sources/catchpoint/catchpoint.ts';
import { nodeDirectory } from '../sources/catchpoint/nodes/node.ts';
import { pushMiddleware } from '../sources/catchpoint/push-middleware.ts';
import { type StatusPage, statusPage } from '../status/status-page.ts';
import { health } from '../telemetry/health.ts';
import { telemetryRoutes } from '../telemetry/routes.ts';
import { type Parts, statusOf } from './parts.ts';
import type { ProcessContext } from './process-context.ts';

interface SourceListeners {
  readonly listeners: readonly Listener[];
  readonly pushUrl: string;
  readonly backstopUrl: string | undefined;
}

/** @throws CannotListen; a listener that is open already is closed again */
export async function openListeners(config: Config, context: ProcessContext, parts: Parts): Promise<SourceListeners> {
  const { catchpoint, backstop } = parts;
  const listeners: Listener[] = [];
  try {
    if (catchpoint !== undefined) listeners.push(await openPushListener(config, context, parts, catchpoint));
    if (backstop !== undefined && config.backstop !== undefined)
      listeners.push(await listen(routedApp(context, backstop.mount), config.backstop.listen));
  } catch (error) {
    await Promise.all(listeners.map((listener) => closeGracefully(listener, context.clock, AbortSignal.abort())));
    throw error;
  }
  const backstopUrl = backstop && listeners.at(-1)?.url;
  return { listeners, pushUrl: listeners[0]?.url ?? '', backstopUrl };
}

/** Catchpoint's listener: the workers', or one in this process behind access control. */
async function openPushListener(
  { listen: address }: Config,
  context: ProcessContext,
  { access, workerPool }: Parts,
  catchpoint: Catchpoint,
): Promise<Listener> {
  if (workerPool !== undefined) return workerPool.listen(catchpoint.intake);
  const first = pushMiddleware(access.entrance, catchpoint);
  const app = routedApp(context, catchpoint.mount, { first, middlewares: access.middlewares });
  return listen(app, address, access);
}

/** Health, metrics and the status page are public here; the administration needs the token of admin.json. */
export async function openAdminListener(
  config: Config,
  context: ProcessContext,
  parts: Parts,
  releases: Releases,
): Promise<string> {
  const { spool, catchpoint, snapshot } = parts;
  const { clock, log, reloading } = context;
  const page = statusPageOf(parts, context);
  const endpoint = await adminEndpoint({
    administration: administration({ spool, retryLetter: catchpoint?.retryLetter ?? (() => undefined), clock }),
    stateDir: config.stateDir,
    log,
    reload: reloading?.reload,
  });
  const app = routedApp(context, (router) => {
    health(router, () => statusOf(parts));
    telemetryRoutes(router, snapshot);
    endpoint.mount(router);
    page.mount(router);
  });
  const listener = await listenNear(app, config.adminListen, { mayMove: !config.adminListenChosen });
  releases.push(() => closeGracefully(listener, clock, AbortSignal.abort()), endpoint.close);
  runInBackground(page.run, releases);
  await endpoint.open(listener.url);
  return listener.url;
}

function statusPageOf(
  { access, catchpoint, backstop, spool, pushHistory, snapshot }: Parts,
  { clock, log, reloading }: ProcessContext,
): StatusPage {
  return statusPage({
    seen: pushHistory,
    snapshot,
    besides: () => ({
      turnedAway: refusalCounts(access.status()),
      backstop: backstop?.status(),
      configuration: reloading?.state(),
    }),
    directory: catchpoint?.directory ?? nodeDirectory(),
    letters: [spool.deadLetters, spool.samples],
    clock,
    log,
  });
}
