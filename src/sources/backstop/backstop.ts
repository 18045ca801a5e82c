// The Backstop source: what Backstop took over HTTP, by its own paths or in OpenTSDB's form.

import type Router from '@koa/router';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Deliver, MalformedBody } from '../../model/point.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import { type BackstopCounts, backstopCounts, backstopRoutes, type BackstopSettings } from './routes.ts';

export interface BackstopOptions extends BackstopSettings {
  readonly deliver: Deliver;
  readonly malformed?: (malformed: MalformedBody) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Backstop {
  /** Takes `/health`, `/collectd`, `/github`, `/pagerduty` and `/publish/:prefix`. */
  mount(router: Router): void;
  status(): Readonly<BackstopCounts>;
}

/** Opens the source. */
export function openBackstop(options: BackstopOptions): Backstop {
  const { clock, log } = options;
  const counts = backstopCounts();
  const refusals = logThrottle(clock);
  const refused = (reason: string): void =>
    refusals((requests) =>
      log.warn({ requests, reason }, 'Backstop: requests are refused; collectd does not send them again'),
    );
  return { mount: (router) => backstopRoutes(router, { ...options, counts, refused }), status: () => counts };
}
