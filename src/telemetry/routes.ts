// What the second listener tells everybody who reaches it: metrics, readiness and status.

import type Router from '@koa/router';
import type { MetricsPage } from './prometheus.ts';
import { type Readiness, readiness } from './readiness.ts';
import type { Snapshot } from './snapshot.ts';

/** Mounts `/metrics`, `/readyz` and `/status`. */
export function telemetryRoutes(router: Router, snapshot: () => Promise<Snapshot>): void {
  let page: Promise<MetricsPage> | undefined;
  router.get('/metrics', async (context) => {
    const { text, contentType } = await (page ??= import('./prometheus.ts').then(({ metricsPage }) => metricsPage()));
    context.body = await text(await snapshot());
    context.type = contentType;
  });
  router.get('/readyz', async (context) => {
    const seen = readiness(await snapshot());
    context.status = seen.isReady ? 200 : 503;
    context.set('Cache-Control', 'no-store');
    context.body = context.accepts('json', 'text') === 'text' ? asText(seen) : asJson(seen);
  });
  router.get('/status', async (context) => {
    const seen = await snapshot();
    const { isReady, reasons, warnings } = readiness(seen);
    context.set('Cache-Control', 'no-store');
    context.body = { isReady, reasons, warnings, ...seen };
  });
}

function asJson({ isReady, reasons, warnings }: Readiness): object {
  return { status: isReady ? 'ready' : 'not ready', reasons, warnings };
}

function asText({ isReady, reasons, warnings }: Readiness): string {
  const lines = [
    isReady ? 'ready' : 'not ready',
    ...reasons.map((reason) => `not ready: ${reason}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}
