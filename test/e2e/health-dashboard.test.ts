// The dashboard of the bridge's health: every query is asked of a real Prometheus that reads the metrics of a bridge at work.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsTable } from '../../src/telemetry/metrics/documentation-table.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { bridge, untilStatus } from './program.ts';
import { prometheus } from './prometheus-server.ts';

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const root = new URL('../../../', import.meta.url).pathname;
const golden = join(root, 'test/golden');
const dashboard = JSON.parse(
  readFileSync(join(root, 'contrib/grafana/dashboards/catchpoint-bridge-health.json'), 'utf8'),
) as Dashboard;
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const e2e = process.env['BRIDGE_E2E'] === 'off' ? test.serial.skip : test.serial;

/** What Grafana puts in the place of its variables. */
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

e2e('a Prometheus takes every query of the health dashboard, and has an answer to it', async (t) => {
  const args = [
    '-t',
    '127.0.0.1',
    '-p',
    '1',
    '--nodes-file',
    join(golden, 'nodes/v1.json'),
    '--state-dir',
    await temporaryDirectory(t),
  ];
  const one = await bridge(t, args);
  await untilStatus(one, ({ nodes }) => nodes.known > 0);
  const server = await prometheus(t, one.adminUrl);
  const push = async (name: string): Promise<number> => one.push(readFileSync(join(golden, `catchpoint/${name}.json`)));
  t.is(await push('dns'), 200);
  for (const expression of expressions) {
    for (;;) {
      const { error, series } = await server.ask(filledIn(expression));
      t.is(error, undefined, expression);
      // Rates want two readings with a push between them.
      if (series.length > 0 && (!expression.includes('quantile') || series.some(({ value }) => !Number.isNaN(value))))
        break;
      await push('dns');
    }
  }
  t.pass();
});

e2e('a Prometheus refuses what is no query, and has nothing where the metric is not there', async (t) => {
  const one = await bridge(t, [
    '-t',
    '127.0.0.1',
    '-p',
    '1',
    '--nodes-file',
    join(golden, 'nodes/v1.json'),
    '--state-dir',
    await temporaryDirectory(t),
  ]);
  const server = await prometheus(t, one.adminUrl);
  t.regex((await server.ask('sum by (instance) (')).error ?? '', /parse error/);
  t.deepEqual((await server.ask('catchpoint_bridge_nothing')).series, []);
});
