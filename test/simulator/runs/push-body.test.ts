// Simulated pushes have the members and types of Catchpoint's, and the bridge reads them.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { calm, type Incidents } from '../../../src/simulator/runs/incidents.ts';
import { pushBody, pushText } from '../../../src/simulator/runs/push-body.ts';
import { templateBody, templateText } from '../../../src/simulator/runs/push-template.ts';
import { type Run, runOf } from '../../../src/simulator/runs/run.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { type SimulatedTest, simulatedTests } from '../../../src/simulator/runs/tests.ts';
import { world } from '../../../src/simulator/world/world.ts';
import type { SimulatedNode } from '../../../src/simulator/world/world-node.ts';
import { measurementOf } from '../../../src/sources/catchpoint/measurement.ts';

const timeMs = Date.UTC(2026, 10, 18, 9, 34, 12, 345);
const golden = new URL('../../../../test/golden/catchpoint/', import.meta.url).pathname;
const node = world().find(({ city }) => city.name === 'São Paulo') as SimulatedNode;
const failing: Incidents = () => ({
  title: '',
  startMs: 0,
  endMs: Infinity,
  delayMs: 0,
  failingShare: 1,
  hits: () => true,
});

function sample(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${golden}${name}.json`, 'utf8')) as Record<string, unknown>;
}

/** The first run of a kind that matches. */
function runWhere(
  kind: SimulatedTest['kind'],
  version: 3 | 4,
  incidents: Incidents,
  matches: (run: Run) => boolean,
): Run {
  const one = simulatedTests().find((other) => other.kind === kind && other.version === version) as SimulatedTest;
  const random = seeded(11);
  for (;;) {
    const run = runOf(one, node, timeMs, { random, incidents });
    if (matches(run)) return run;
  }
}

const isClean = ({ failure, hasContentError }: Run): boolean => failure === undefined && !hasContentError;

/** The members and types of a value; for an array, those of its elements. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((element) => JSON.stringify(shape(element))))].toSorted();
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, shape(member)]));
}

for (const [name, kind, version, incidents, matches] of [
  ['dns', 'dns', 3, calm, isClean],
  ['dns-error', 'dns', 4, failing, ({ failure }) => failure?.flag === 'Dns'],
  ['web', 'web', 4, calm, isClean],
  ['web-content-error', 'web', 4, calm, ({ hasContentError }) => hasContentError],
  ['web-error', 'web', 4, failing, ({ failure }) => failure?.flag === 'Connection'],
  ['ping', 'ping', 4, calm, isClean],
] as readonly [string, SimulatedTest['kind'], 3 | 4, Incidents, (run: Run) => boolean][]) {
  test(`the body of ${name} has exactly the members of Catchpoint's`, (t) => {
    const body = pushBody(runWhere(kind, version, incidents, matches)) as Record<string, unknown>;
    t.deepEqual(shape(body), shape(sample(name)));
    t.is(body['V'], sample(name)['V']);
    t.deepEqual(Object.keys(body), Object.keys(sample(name)));
  });
}

test("the body of traceroute has exactly the members of Catchpoint's, hops of each kind included", (t) => {
  const hasAll = ({ hops = [] }: Run): boolean => hops.some(({ address }) => address === undefined);
  const body = pushBody(runWhere('traceroute', 4, calm, hasAll)) as ReturnType<typeof sample>;
  const withoutHops = (push: Record<string, unknown>): unknown =>
    shape({ ...push, Diagnostic: Object.keys(push['Diagnostic'] as object) });
  t.deepEqual(withoutHops(body), withoutHops(sample('traceroute')));
  type Traced = { readonly Diagnostic: { readonly TraceRoute: { readonly Hops: readonly object[] } } };
  const sorts = (push: unknown): string[] =>
    (push as Traced).Diagnostic.TraceRoute.Hops.map((hop) => Object.keys(hop).join(' '));
  t.deepEqual(new Set(sorts(body)), new Set(sorts(sample('traceroute'))));
  t.true(
    (body as unknown as Traced).Diagnostic.TraceRoute.Hops.every(
      (hop) => (hop as { RoundTripTimes: unknown[] }).RoundTripTimes.length === 3,
    ),
  );
});

test('the rendered template has exactly the members of the template, every value a string', (t) => {
  const run = runWhere('dns', 3, calm, isClean);
  const body = templateBody(run);
  const rendered = sample('template-custom');
  t.deepEqual(Object.keys(body), Object.keys(rendered));
  t.true(Object.values(body).every((value) => typeof value === 'string'));
  const ofOutcome = Object.keys(rendered).filter((name) => name.startsWith('Error'));
  t.deepEqual(
    ofOutcome.map((name) => body[name]),
    ofOutcome.map((name) => rendered[name]),
  );
  t.is(body['Timestamp'], '20261118093412345');
  t.is(body['TimestampEpoch'], '1794994452');
});

test('the bridge reads the same measurement from the default JSON and the template', (t) => {
  for (const kind of ['dns', 'web', 'transaction', 'api', 'ping'] as const) {
    for (const incidents of [calm, failing]) {
      const run = runWhere(kind, 4, incidents, () => true);
      const fromDefault = measurementOf(JSON.parse(pushText(run)));
      t.deepEqual(measurementOf(JSON.parse(templateText(run))), fromDefault);
      t.is(fromDefault.timeMs, timeMs);
      t.is(fromDefault.error, run.failure === undefined ? undefined : String(run.failure.code));
    }
  }
});

test('times are UTC with milliseconds, and the report window is the start of ten minutes', (t) => {
  const { ReportWindow, TestRuntime } = pushBody(runWhere('api', 4, calm, isClean)) as Record<string, unknown>;
  t.is(TestRuntime, '20261118093412345');
  t.is(ReportWindow, '202611180930');
});

test('a run is rendered the same each time, with slashes escaped as by Catchpoint', (t) => {
  const run = runWhere('web', 4, calm, isClean);
  t.is(pushText(run), pushText(run));
  t.true(pushText(run).includes('https:\\/\\/www.example.com\\/'));
  t.deepEqual(JSON.parse(pushText(run)), pushBody(run));
});
