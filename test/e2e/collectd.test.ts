// A real collectd posts to the built bridge, which writes to a real VictoriaMetrics and a real carbon-cache at once. Every value is read
// back from both, equal to what collectd's own csv plugin wrote in the same run, and nothing else is there.

import test, { type ExecutionContext } from 'ava';
import { naming } from '../../src/sinks/graphite/naming.ts';
import { withDefaultTag } from '../../src/sinks/opentsdb/text/default-tag.ts';
import { legacyPaths } from '../../src/sources/backstop/collectd/legacy-path.ts';
import { taggedNames } from '../../src/sources/backstop/collectd/tag-form.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { type CarbonCache, carbonCache } from './carbon-cache.ts';
import { type CollectdOptions, type CsvValue, runCollectd } from './collectd.ts';
import { bridge, untilStatus } from './program.ts';
import { type VictoriaMetrics, victoriaMetrics } from './victoria-metrics.ts';

/** One at a time: each has two databases and a bridge of its own on a machine that may be small. */
const e2e = process.env['BRIDGE_E2E'] === 'off' ? test.serial.skip : test.serial;

type Naming = 'legacy' | 'tags';
type Named = Parameters<ReturnType<typeof naming>>[0];

/** As it is called on its way to the sinks. */
function nameOf({ host, plugin, pluginInstance, type, typeInstance, sources, index }: CsvValue, by: Naming): Named {
  const list = {
    host,
    plugin,
    pluginInstance,
    type,
    typeInstance,
    timeMs: 0,
    sources: sources.map((name) => ({ name, value: undefined })),
  };
  if (by === 'legacy') return { metric: legacyPaths(list)[index] ?? '', tags: {} };
  return taggedNames(list)[index] ?? { metric: '', tags: {} };
}

/** csv writes gauges with six decimals, write_http with fifteen digits, and VictoriaMetrics keeps twelve of a fraction. */
function areEqual(csv: string, stored: number): boolean {
  return Math.abs(Number(csv) - stored) <= (csv.includes('.') ? 0.51e-6 + Math.abs(stored) * 1e-12 : 0);
}

async function inVictoria(
  t: ExecutionContext,
  victoria: VictoriaMetrics,
  csv: readonly CsvValue[],
  by: Naming,
): Promise<void> {
  const stored = new Map<string, number>();
  for (const line of await victoria.points('ms')) {
    const [metric, time, value, ...tags] = line.split(' ');
    const series = [metric, time, ...tags].join(' ');
    t.false(stored.has(series), `${series} is there once`);
    stored.set(series, Number(value));
  }
  const seriesOf = (value: CsvValue): string => {
    const { metric, tags } = withDefaultTag({ ...nameOf(value, by), timestamp: 0, unit: 'ms', value: '' });
    return [
      metric,
      Math.round(Number(value.time) * 1000),
      ...Object.entries(tags)
        .map((tag) => tag.join('='))
        .toSorted(),
    ].join(' ');
  };
  const different = csv.filter((one) => !areEqual(one.value, stored.get(seriesOf(one)) ?? NaN));
  t.deepEqual(
    different.slice(0, 5).map((each) => [seriesOf(each), each.value, stored.get(seriesOf(each))]),
    [],
  );
  t.is(stored.size, csv.length, 'nothing else is in VictoriaMetrics');
}

/** Of two values within a second whisper has the later one; collectd reads every two seconds. */
async function inCarbon(t: ExecutionContext, carbon: CarbonCache, csv: readonly CsvValue[], by: Naming): Promise<void> {
  const name = naming({ form: 'tagged' });
  const series = grouped(csv, (value) => name(nameOf(value, by)));
  const from = Math.floor(Math.min(...csv.map(({ time }) => Number(time))));
  const expected = new Map(
    [...series].map(([path, values]) => [
      path,
      new Map(values.map(({ time, value }) => [Math.floor(Number(time)), value])),
    ]),
  );
  const stored = await carbon.since(new Map([...expected].map(([path, values]) => [path, values.size])), from);
  const different = [...expected].flatMap(([path, values]) => {
    const there = stored.get(path) ?? new Map<number, number>();
    const isWhole =
      there.size === values.size && [...values].every(([second, value]) => areEqual(value, there.get(second) ?? NaN));
    return isWhole ? [] : [[path, [...values], [...there]]];
  });
  t.deepEqual(different.slice(0, 5), []);
  t.is(await carbon.series(), series.size, 'nothing else is in Carbon');
}

function grouped(csv: readonly CsvValue[], by: (value: CsvValue) => string): Map<string, CsvValue[]> {
  const groups = new Map<string, CsvValue[]>();
  for (const value of csv) groups.set(by(value), [...(groups.get(by(value)) ?? []), value]);
  return groups;
}

async function compared(
  t: ExecutionContext,
  by: Naming,
  options: Omit<CollectdOptions, 'url'>,
  auth?: string,
): Promise<void> {
  const settings = { MAX_UPDATES_PER_SECOND: 'inf', MAX_UPDATES_PER_SECOND_ON_SHUTDOWN: 'inf' };
  const [victoria, carbon] = await Promise.all([victoriaMetrics(t), carbonCache(t, settings, '1s:1h')]);
  const args = [
    '--backstop',
    '--no-catchpoint',
    '--backstop-listen',
    '127.0.0.1:0',
    '--backstop-naming',
    by,
    '--resolution',
    'ms',
  ];
  const receivers = ['-t', '127.0.0.1', '-p', String(victoria.httpPutPort), '--graphite', `127.0.0.1:${carbon.port}`];
  const env = auth === undefined ? {} : { BACKSTOP_AUTH: auth };
  const one = await bridge(t, [...args, ...receivers, '--state-dir', await temporaryDirectory(t)], env);
  const csv = await runCollectd(t, { ...options, url: one.pushUrl }, 4);
  const { backstop } = await untilStatus(one, ({ sinks }) => sinks.every(({ backlog }) => backlog.points === 0));
  t.like(backstop, { rejected: 0, malformed: 0, refused: 0, failed: 0 });
  t.is(backstop?.['notAllowed'], auth === undefined ? 0 : 1, 'collectd gives its password when it is asked, once');

  const known = csv.filter(({ value }) => !/nan/i.test(value));
  const plugins = new Set(known.map(({ plugin }) => plugin));
  t.true(known.length > 400 && plugins.size >= 10, `${known.length} values of ${plugins.size} plugins`);
  await inVictoria(t, victoria, known, by);
  await inCarbon(t, carbon, known, by);
  if (by === 'legacy')
    for (const path of backstopsOwn) t.true(await carbon.has(`mitt.web1-prod-eu.example.com.${path}`), path);
}

/** As Backstop itself called what this collectd reads: its paths, written out. */
const backstopsOwn = [
  'cpu.0.idle',
  'load.1m',
  'load.5m',
  'load.15m',
  'memory.used',
  'memory.buffered',
  'swap.used',
  'processes.running',
  'processes.fork_rate',
  'processes.collectd.ps_count.num_proc',
  'processes.collectd.ps_cputime.system',
  'processes.collectd.ps_rss',
  'users',
  'uptime',
  'contextswitch',
];

for (const by of ['legacy', 'tags'] as const) {
  for (const [format, words] of [
    ['JSON', 'JSON'],
    ['Command', 'PUTVAL lines'],
  ] as const) {
    e2e(
      `every value of collectd that is posted as ${words} arrives in both databases, equal to what its csv plugin wrote (${by})`,
      async (t) => {
        await compared(t, by, { format });
      },
    );

    e2e(
      `every value of collectd that is posted as ${words} with a password that holds a colon arrives (${by})`,
      async (t) => {
        await compared(t, by, { format, user: 'u', password: 'p:w' }, 'other:x,u:p:w');
      },
    );
  }
}
