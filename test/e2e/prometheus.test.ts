// promtool checks the metrics of the built program and the alert rules over them.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { metricsTable } from '../../src/telemetry/metrics/documentation-table.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { e2e } from './e2e.ts';
import { goldenPush } from './golden.ts';
import { bridge, nodesAndState, unreachableTsdb, untilNodes } from './program.ts';
import { promtool } from './promtool.ts';

const root = new URL('../../../', import.meta.url).pathname;
const rulesFile = join(root, 'contrib/prometheus/catchpoint-bridge.rules.yml');
const rulesTestFile = join(root, 'contrib/prometheus/catchpoint-bridge.test.yml');

const prefixed = (text: string): string[] =>
  [...new Set([...text.matchAll(/catchpoint_bridge_[a-z0-9_]+/g)].map(([name]) => name))].toSorted();

e2e('promtool accepts the metrics of a bridge at work', async (t) => {
  const args = [...unreachableTsdb, ...(await nodesAndState(t)), '--archive', await temporaryDirectory(t)];
  const one = await bridge(t, args);
  await untilNodes(one);
  for (const name of ['dns', 'dns', 'node-unknown']) t.is(await one.push(goldenPush(name)), 200);
  t.is(await one.push('no push'), 400);
  const text = await (await fetch(`${one.adminUrl}/metrics`)).text();
  for (const [outcome, count] of Object.entries({ taken: 1, duplicate: 1, missed: 1, malformed: 1 })) {
    t.true(text.includes(`\ncatchpoint_bridge_pushes_total{outcome="${outcome}"} ${count}\n`), outcome);
  }
  t.regex(text, /\ncatchpoint_bridge_push_duration_seconds_count 4\n/);
  t.regex(text, /\ncatchpoint_bridge_process_resident_memory_bytes \d{7,}\n/);
  t.deepEqual(await promtool(['check', 'metrics'], text), { exitCode: 0, printed: '' });
  const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name as string).toSorted();
  t.deepEqual(types, prefixed(metricsTable()), 'the metrics are those of docs/metrics.md');
});

e2e('promtool rejects metrics against the conventions', async (t) => {
  const { exitCode, printed } = await promtool(['check', 'metrics'], '# TYPE pushes counter\npushes 1\n');
  t.is(exitCode, 3);
  t.regex(printed, /counter metrics should have "_total" suffix/);
});

e2e('the alert rules are valid, and fire in time and not before', async (t) => {
  const checked = await promtool(['check', 'rules', rulesFile]);
  t.is(checked.exitCode, 0, checked.printed);
  const tested = await promtool(['test', 'rules', rulesTestFile]);
  t.is(tested.exitCode, 0, tested.printed);
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

test('each alert rule has a test in which it fires, one in which it does not, and a description', (t) => {
  const tests = (parse(readFileSync(rulesTestFile, 'utf8')) as RulesTest).tests.flatMap(
    ({ alert_rule_test: ruleTests }) => ruleTests,
  );
  for (const { alert, annotations } of alerts) {
    const expected = tests
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts: expectedAlerts }) => expectedAlerts.length > 0);
    t.true(expected.includes(true) && expected.includes(false), alert);
    t.deepEqual(Object.keys(annotations).toSorted(), ['description', 'summary'], alert);
  }
});

test('the alert rules use metrics that exist', (t) => {
  const known = prefixed(metricsTable()).flatMap((name) => [name, `${name}_bucket`]);
  for (const name of prefixed(readFileSync(rulesFile, 'utf8'))) t.true(known.includes(name), name);
});

test('the table in docs/metrics.md is current', (t) => {
  const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
  const [, table] = /<!-- metrics -->\n([\s\S]*?)<!-- \/metrics -->/.exec(page) ?? [];
  t.is(table, metricsTable());
});
