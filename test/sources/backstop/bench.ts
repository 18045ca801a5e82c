// A Backstop source behind a listener that records its deliveries.

import Router from '@koa/router';
import type { ExecutionContext } from 'ava';
import { expanded } from '../../../src/model/factored-points.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { DataPoint, Deliver, DeliverOptions, MalformedBody } from '../../../src/model/point.ts';
import { application, listen } from '../../../src/http/server.ts';
import { type Backstop, type BackstopOptions, openBackstop } from '../../../src/sources/backstop/backstop.ts';
import { defaultDataSets } from '../../../src/sources/backstop/collectd/data-sets.ts';
import { movableClock } from '../../fakes/time.ts';

export interface BackstopBench {
  readonly url: string;
  readonly source: Backstop;
  readonly delivered: { readonly points: readonly DataPoint[]; readonly options: DeliverOptions }[];
  readonly malformed: MalformedBody[];
  post(path: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

export type BackstopSettings = Omit<BackstopOptions, 'deliver' | 'malformed' | 'clock' | 'log'>;

export const defaultSettings: BackstopSettings = {
  naming: 'legacy',
  unit: 's',
  prefix: undefined,
  prefixes: ['test'],
  auth: [],
  githubSecrets: [],
  pagerDutySecrets: [],
  dataSets: defaultDataSets(),
  maxBodyBytes: 10_000,
};

/** @param deliver - decides the outcome of each delivery, after it is recorded */
export async function backstopBench(
  t: Pick<ExecutionContext, 'teardown'>,
  settings: Partial<BackstopSettings> = {},
  deliver: Deliver = async () => 'stored',
): Promise<BackstopBench> {
  const clock = movableClock();
  const delivered: BackstopBench['delivered'] = [];
  const malformed: MalformedBody[] = [];
  const source = openBackstop({
    ...defaultSettings,
    ...settings,
    deliver: (points, options = {}) => {
      delivered.push({ points: expanded(points), options });
      return deliver(points, options);
    },
    malformed: (one) => malformed.push(one),
    clock,
    log: silentLog(),
  });
  const router = new Router();
  source.mount(router);
  const app = application(silentLog(), clock);
  app.use(router.routes()).use(router.allowedMethods());
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  t.teardown(() => listener.close());
  return {
    url: listener.url,
    source,
    delivered,
    malformed,
    post: (path, body, headers = {}) =>
      fetch(listener.url + path, { method: 'POST', body, headers: { connection: 'close', ...headers } }),
  };
}
