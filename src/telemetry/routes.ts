// The endpoints for monitoring on the admin listener. They need no token.

import type Router from '@koa/router';
import type { MetricsPage } from './prometheus.ts';
import { type Readiness, readiness } from './readiness.ts';
import type { Snapshot } from './snapshot.ts';

/** Mounts `/metrics`, `/readyz` (200 or 503) and `/status`. */
export function telemetryRoutes(router: Router, snapshot: () => Promise<Snapshot>): void {
  let page: Promise<MetricsPage> | undefined;
  router.get('/metrics', async (context) => {
    const { text, contentType } = await (page ??= import('./prometheus.ts').then(({ metricsPage }) => metricsPage()));
    context.body = await text(await snapshot());
    context.type = contentType;
  });
  router.get('/readyz', async (context) => {
    const result = readiness(await snapshot());
    context.status = result.isReady ? 200 : 503;
    context.set('Cache-Control', 'no-store');
    context.body = context.accepts('json', 'text') === 'text' ? asText(result) : asJson(result);
  });
  router.get('/status', async (context) => {
    const now = await snapshot();
    context.set('Cache-Control', 'no-store');
    context.body = { ...readiness(now), ...now };
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
