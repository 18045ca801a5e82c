// The dashboard of containers: its queries find the series of the Docker source, as samples and names make them.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { parse } from 'lossless-json';
import type { DataPoint } from '../../src/model/point.ts';
import type { CpuSample } from '../../src/sources/docker/figures/cpu.ts';
import type { Figure } from '../../src/sources/docker/figures/figure.ts';
import { readSample } from '../../src/sources/docker/figures/sample.ts';
import { parseLabelTags } from '../../src/sources/docker/naming/labels.ts';
import { namesOf } from '../../src/sources/docker/naming/names.ts';
import { database, targetsOf } from './grafana-database.ts';
import type { Dashboard, Target } from './grafana-target.ts';

const file = new URL('../../../contrib/grafana/dashboards/docker-containers.json', import.meta.url);
const dashboard = JSON.parse(readFileSync(file, 'utf8')) as Dashboard & {
  readonly annotations: { readonly list: readonly { readonly target: string; readonly isGlobal: boolean }[] };
};
const panel = (title: string): Target => {
  const [target] = dashboard.panels.filter((one) => one.title === title).flatMap(({ targets }) => targets);
  if (target === undefined) throw new Error(`no panel ${title}`);
  return target;
};

const hour = { beginMs: Date.UTC(2026, 10, 18, 9), endMs: Date.UTC(2026, 10, 18, 10) };
const pollMs = 60_000;
const polls = 60;
const labelTags = parseLabelTags(['project=com.docker.compose.project', 'service=com.docker.compose.service']);

interface Played {
  readonly name: string;
  readonly service?: string;
  readonly image?: string;
  /** Bytes received per second. */
  readonly received: number;
  /** Per cent of a core. */
  readonly cpu: number;
}

const web: Played[] = ['shop-web-1', 'shop-web-2'].map((name) => ({ name, service: 'web', received: 100, cpu: 25 }));
const containers: readonly Played[] = [
  ...web,
  { name: 'shop-db-1', service: 'db', received: 50, cpu: 10 },
  { name: 'registry', received: 10, cpu: 5 },
];

/** An engine's answer `seconds` after the start of the container, on a machine of two CPUs. */
function stats({ received, cpu }: Played, atMs: number, seconds: number): unknown {
  const count = (perSecond: number): number => Math.round(perSecond * seconds);
  return parse(
    JSON.stringify({
      read: new Date(atMs).toISOString(),
      pids_stats: { current: 7 },
      cpu_stats: {
        cpu_usage: {
          total_usage: 1_000 + count(cpu * 1e7),
          usage_in_kernelmode: count(1e6),
          usage_in_usermode: count(1e6),
        },
        system_cpu_usage: 1_000_000 + count(2e9),
        online_cpus: 2,
        throttling_data: { periods: 1 + count(10), throttled_periods: count(1), throttled_time: count(1e6) },
      },
      memory_stats: { usage: 64 << 20, limit: 256 << 20, stats: { file: 1 << 20, inactive_file: 0 } },
      networks: {
        eth0: {
          rx_bytes: count(received),
          rx_packets: count(1),
          rx_errors: 0,
          rx_dropped: count(0.1),
          tx_bytes: count(received / 2),
          tx_packets: count(1),
          tx_errors: 0,
          tx_dropped: 0,
        },
      },
      blkio_stats: {
        io_service_bytes_recursive: [
          { op: 'read', value: count(20) },
          { op: 'write', value: count(30) },
        ],
      },
    }),
  );
}

const counted: readonly Figure[] = ['restarts', 'exits', 'oom_kills'].map((name) => ({
  name,
  value: '2',
  isOriginal: false,
}));

/** An hour of a host, polled every minute. From `restartedAt` on, the containers' counters begin anew. */
function anHourOf(hostname: string, played: readonly Played[], restartedAt = 0): DataPoint[] {
  const names = namesOf({ naming: 'tags', prefix: 'docker', hostname, unit: 's', labelTags, figures: 'all' });
  const previous = new Map<string, CpuSample>();
  return Array.from({ length: polls }, (_, poll) => {
    const atMs = hour.beginMs + poll * pollMs;
    const seconds = (poll < restartedAt ? poll + 100 : poll - restartedAt + 1) * (pollMs / 1000);
    const ofContainers = played.flatMap((one) => {
      const sample = readSample(stats(one, atMs, seconds), previous.get(one.name));
      if ('skip' in sample) throw new Error(`skipped: ${sample.skip}`);
      previous.set(one.name, sample.cpu);
      const { name, service, image = `${service ?? name}:1` } = one;
      const labels: Record<string, string> =
        service === undefined ? {} : { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': service };
      const container = { name, id: name, image, labels };
      return names.containerPoints(container, undefined, [...sample.figures, ...counted], sample.atMs);
    });
    const byState = [['running', played.length] as const, ['exited', 1] as const];
    const host = { total: played.length + 1, byState, byCategory: [], pollDurationNs: 120_000_000, threads: 1 };
    return [...ofContainers, ...names.hostPoints(host, atMs)];
  }).flat();
}

const values = (dps: Readonly<Record<string, number>>): number[] => Object.values(dps);

test('every query is accepted, and finds a series for each combination of its tags', async (t) => {
  const { values: variables, ask } = await database(t, [...anHourOf('a', containers), ...anHourOf('b', web)], hour);
  const chosen = await variables(dashboard);
  const targets = targetsOf(dashboard);
  t.true(targets.length > 20);
  for (const target of targets) {
    const { status, series, text } = await ask(target, chosen);
    t.is(status, 200, `${target.metric}: ${text.slice(0, 300)}`);
    const tags = [...target.alias.matchAll(/\$tag_(\w+)/g)].map(([, tag = '']) => tag);
    t.true(tags.length > 0);
    const lines = series.map((one) => tags.map((tag) => one.tags[tag]));
    t.true(lines.length > 0 && lines.flat().every((value) => value !== undefined), `${target.metric}: ${lines}`);
    t.is(new Set(lines.map(String)).size, lines.length, target.metric);
    t.true(
      series.every(({ dps }) => values(dps).length > 0 && values(dps).every(Number.isFinite)),
      target.metric,
    );
    if (tags.includes('container')) t.is(lines.length, containers.length + web.length, target.metric);
  }
});

test('a rate is per second, without a value where a container was started again', async (t) => {
  const { values: variables, ask } = await database(t, anHourOf('a', containers, 30), hour);
  const { series } = await ask(panel('Received'), await variables(dashboard));
  const [registry] = series.filter(({ tags }) => tags['container'] === 'registry');
  const rates = values(registry?.dps ?? {});
  // Twelve intervals of 5 minutes: the first has no rate, and neither has the one of the restart.
  t.deepEqual(
    rates.map((rate) => Math.round(rate)),
    Array.from({ length: 10 }, () => 10),
  );
});

test('a service is the sum of its containers, and containers without Compose are in no service', async (t) => {
  const { values: variables, ask } = await database(t, anHourOf('a', containers), hour);
  const { series } = await ask(panel('CPU by service'), await variables(dashboard));
  const shown = series.map(({ tags, dps }) => [tags['project'], tags['service'], Math.round(values(dps).at(-1) ?? 0)]);
  t.deepEqual(
    shown.toSorted((a, b) => Number(a[2]) - Number(b[2])),
    [
      ['shop', 'db', 10],
      ['shop', 'web', 50],
    ],
  );
});

test('a container that is recreated from another image stays one line, and its memory is not added up', async (t) => {
  const [one] = web as [Played];
  const points = [...anHourOf('a', [{ ...one, image: 'web:1' }]), ...anHourOf('a', [{ ...one, image: 'web:2' }])];
  const { values: variables, ask } = await database(t, points, hour);
  const { series } = await ask(panel('Memory by container'), await variables(dashboard));
  t.is(series.length, 1);
  t.true(values(series[0]?.dps ?? {}).every((bytes) => bytes === 64 << 20));
});

test('host and container choose the lines', async (t) => {
  const { values: variables, ask } = await database(t, [...anHourOf('a', containers), ...anHourOf('b', web)], hour);
  const chosen = await variables(dashboard);
  const linesOf = async (filter: Readonly<Record<string, string>>): Promise<string[]> =>
    (await ask(panel('CPU by container'), { ...chosen, ...filter })).series
      .map(({ tags }) => `${tags['host']} ${tags['container']}`)
      .toSorted();
  t.deepEqual(await linesOf({ host: '^b$' }), ['b shop-web-1', 'b shop-web-2']);
  t.deepEqual(await linesOf({ container: 'db|registry' }), ['a registry', 'a shop-db-1']);
});

test('annotations are the global ones, asked for with a metric that every host has', async (t) => {
  const { ask } = await database(t, anHourOf('a', containers), hour);
  const [annotation, ...others] = dashboard.annotations.list;
  t.is(others.length, 0);
  t.true(annotation?.isGlobal);
  const { status } = await ask({ ...panel('Poll'), metric: annotation?.target ?? '', filters: [] }, { interval: '5m' });
  t.is(status, 200);
});
