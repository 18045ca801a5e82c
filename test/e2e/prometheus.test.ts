// Prometheus' own judge over what the built program tells of itself, and over the alert rules that are made of it.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { metricsTable } from '../../src/telemetry/metrics/documentation-table.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { bridge, untilStatus } from './program.ts';
import { promtool } from './promtool.ts';

const root = new URL('../../../', import.meta.url).pathname;
const golden = join(root, 'test/golden');
const rulesFile = join(root, 'contrib/prometheus/catchpoint-bridge.rules.yml');
const rulesTestFile = join(root, 'contrib/prometheus/catchpoint-bridge.test.yml');
/** One at a time: each has a program of its own on a machine that may be small. */
const e2e = process.env['BRIDGE_E2E'] === 'off' ? test.serial.skip : test.serial;

const prefixed = (text: string): string[] =>
  [...new Set([...text.matchAll(/catchpoint_bridge_[a-z0-9_]+/g)].map(([name]) => name))].toSorted();

e2e('promtool finds nothing to say about the metrics of a bridge that is at work', async (t) => {
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
  const one = await bridge(t, [...args, '--archive', await temporaryDirectory(t)]);
  await untilStatus(one, ({ nodes }) => nodes.known > 0);
  for (const name of ['dns', 'dns', 'node-unknown'])
    t.is(await one.push(readFileSync(join(golden, `catchpoint/${name}.json`))), 200);
  t.is(await one.push('no push'), 400);
  const text = await (await fetch(`${one.adminUrl}/metrics`)).text();
  for (const [outcome, count] of Object.entries({ taken: 1, duplicate: 1, missed: 1, malformed: 1 })) {
    t.true(text.includes(`\ncatchpoint_bridge_pushes_total{outcome="${outcome}"} ${count}\n`), outcome);
  }
  t.regex(text, /\ncatchpoint_bridge_push_duration_seconds_count 4\n/);
  t.regex(text, /\ncatchpoint_bridge_process_resident_memory_bytes \d{7,}\n/);
  t.deepEqual(await promtool(['check', 'metrics'], text), { exitCode: 0, said: '' });
  const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name as string).toSorted();
  t.deepEqual(types, prefixed(metricsTable()), 'what docs/metrics.md says there is is there, and nothing else');
});

e2e('promtool would say something about metrics against the conventions', async (t) => {
  const { exitCode, said } = await promtool(['check', 'metrics'], '# TYPE pushes counter\npushes 1\n');
  t.is(exitCode, 3);
  t.regex(said, /counter metrics should have "_total" suffix/);
});

e2e('the alert rules are legal, and fire when they should and not before', async (t) => {
  const checked = await promtool(['check', 'rules', rulesFile]);
  t.is(checked.exitCode, 0, checked.said);
  const tested = await promtool(['test', 'rules', rulesTestFile]);
  t.is(tested.exitCode, 0, tested.said);
});

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly annotations: Readonly<Record<string, string>> }[];
  }[];
}

interface RulesTest {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
  }[];
}

const alerts = (parse(readFileSync(rulesFile, 'utf8')) as Rules).groups.flatMap(({ rules }) => rules);

test('each alert rule is tried where it fires and where it does not, and says what it means', (t) => {
  const tried = (parse(readFileSync(rulesTestFile, 'utf8')) as RulesTest).tests.flatMap(
    ({ alert_rule_test: tests }) => tests,
  );
  for (const { alert, annotations } of alerts) {
    const expected = tried
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts: expectedAlerts }) => expectedAlerts.length > 0);
    t.deepEqual([...new Set(expected)].toSorted(), [false, true], alert);
    t.deepEqual(Object.keys(annotations).toSorted(), ['description', 'summary'], alert);
  }
});

test('the alert rules speak of metrics that there are', (t) => {
  const there = prefixed(metricsTable()).flatMap((name) => [name, `${name}_bucket`]);
  for (const name of prefixed(readFileSync(rulesFile, 'utf8'))) t.true(there.includes(name), name);
});

test('the table in docs/metrics.md has every metric, as it is', (t) => {
  const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
  const [, table] = /<!-- metrics -->\n([\s\S]*?)<!-- \/metrics -->/.exec(page) ?? [];
  t.is(table, metricsTable());
});
