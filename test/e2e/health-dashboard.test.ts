// The dashboard of the bridge's health: a real Prometheus that scrapes a bridge runs every query.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsTable } from '../../src/telemetry/metrics/documentation-table.ts';
import { e2e } from './e2e.ts';
import { goldenPush } from './golden.ts';
import { bridge, nodesAndState, unreachableTsdb, untilNodes } from './program.ts';
import { prometheus } from './prometheus-server.ts';

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const root = new URL('../../../', import.meta.url).pathname;
const dashboard = JSON.parse(
  readFileSync(join(root, 'contrib/grafana/dashboards/catchpoint-bridge-health.json'), 'utf8'),
) as Dashboard;
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

/** Fills in Grafana's variables. */
const filledIn = (expression: string): string =>
  expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');

test("every metric that a query names is one of the bridge's", (t) => {
  const table = metricsTable();
  const known = new Set([...table.matchAll(/catchpoint_bridge_[a-z0-9_]+/g)].map(([name]) => name));
  const used = JSON.stringify([expressions, dashboard.templating.list]).match(/catchpoint_bridge_[a-z0-9_]+/g) ?? [];
  t.true(used.length > 20);
  t.deepEqual(
    [...new Set(used)].filter((name) => !known.has(name.replace(/_bucket$/, ''))),
    [],
  );
});

e2e('Prometheus accepts every query of the health dashboard, and returns a series for it', async (t) => {
  const one = await bridge(t, [...unreachableTsdb, ...(await nodesAndState(t))]);
  await untilNodes(one);
  const server = await prometheus(t, one.adminUrl);
  t.is(await one.push(goldenPush('dns')), 200);
  for (const expression of expressions) {
    for (;;) {
      const { error, series } = await server.query(filledIn(expression));
      t.is(error, undefined, expression);
      // A rate needs two scrapes with a push between them.
      if (series.length > 0 && (!expression.includes('quantile') || series.some(({ value }) => !Number.isNaN(value))))
        break;
      await one.push(goldenPush('dns'));
    }
  }
  t.pass();
});

e2e('Prometheus rejects an invalid query, and returns nothing for an unknown metric', async (t) => {
  const one = await bridge(t, [...unreachableTsdb, ...(await nodesAndState(t))]);
  const server = await prometheus(t, one.adminUrl);
  t.regex((await server.query('sum by (instance) (')).error ?? '', /parse error/);
  t.deepEqual((await server.query('catchpoint_bridge_nothing')).series, []);
});
