// A real collectd posts to the built bridge, which writes to a real VictoriaMetrics and a real carbon-cache. Both then
// hold exactly the values that collectd's csv plugin wrote in the same run.

import type { ExecutionContext } from 'ava';
import { naming } from '../../src/sinks/graphite/naming.ts';
import { withDefaultTag } from '../../src/sinks/opentsdb/text/default-tag.ts';
import { legacyPaths } from '../../src/sources/backstop/collectd/legacy-path.ts';
import { taggedNames } from '../../src/sources/backstop/collectd/tag-form.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { type CarbonCache, carbonCache } from './carbon-cache.ts';
import { type CollectdOptions, type CsvValue, runCollectd } from './collectd.ts';
import { e2e } from './e2e.ts';
import { bridge, untilDelivered } from './program.ts';
import { type VictoriaMetrics, victoriaMetrics } from './victoria-metrics.ts';

type Naming = 'legacy' | 'tags';
type Named = Parameters<ReturnType<typeof naming>>[0];

/** Returns the name of the value in the sinks. */
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

/** Allows for rounding: csv writes six decimals, write_http fifteen digits, and VictoriaMetrics keeps twelve. */
function areEqual(csv: string, stored: number): boolean {
  return Math.abs(Number(csv) - stored) <= (csv.includes('.') ? 0.51e-6 + Math.abs(stored) * 1e-12 : 0);
}

async function assertInVictoria(
  t: ExecutionContext,
  victoria: VictoriaMetrics,
  csv: readonly CsvValue[],
  by: Naming,
): Promise<void> {
  const stored = new Map<string, number>();
  for (const line of await victoria.points('ms')) {
    const [metric, time, value, ...tags] = line.split(' ');
    const series = [metric, time, ...tags].join(' ');
    t.false(stored.has(series), `${series} exists once`);
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
  t.is(stored.size, csv.length, 'VictoriaMetrics has nothing else');
}

/** Whisper has one value a second; collectd reads every two seconds. */
async function assertInCarbon(
  t: ExecutionContext,
  carbon: CarbonCache,
  csv: readonly CsvValue[],
  by: Naming,
): Promise<void> {
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
    const found = stored.get(path) ?? new Map<number, number>();
    const isEqual =
      found.size === values.size && [...values].every(([second, value]) => areEqual(value, found.get(second) ?? NaN));
    return isEqual ? [] : [[path, [...values], [...found]]];
  });
  t.deepEqual(different.slice(0, 5), []);
  t.is(await carbon.seriesCount(), series.size, 'Carbon has nothing else');
}

function grouped(csv: readonly CsvValue[], by: (value: CsvValue) => string): Map<string, CsvValue[]> {
  const groups = new Map<string, CsvValue[]>();
  for (const value of csv) groups.set(by(value), [...(groups.get(by(value)) ?? []), value]);
  return groups;
}

async function compareDatabases(
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
  const { backstop } = await untilDelivered(one);
  t.like(backstop, { rejected: 0, malformed: 0, refused: 0, failed: 0 });
  t.is(backstop?.['notAllowed'], auth === undefined ? 0 : 1, 'collectd sends its password after one 401');

  const known = csv.filter(({ value }) => !/nan/i.test(value));
  const plugins = new Set(known.map(({ plugin }) => plugin));
  t.true(known.length > 400 && plugins.size >= 10, `${known.length} values of ${plugins.size} plugins`);
  await assertInVictoria(t, victoria, known, by);
  await assertInCarbon(t, carbon, known, by);
  if (by === 'legacy')
    for (const path of backstopPaths) t.true(await carbon.hasFile(`mitt.web1-prod-eu.example.com.${path}`), path);
}

/** Backstop's paths for some values of this collectd. */
const backstopPaths = [
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
  for (const [format, name] of [
    ['JSON', 'JSON'],
    ['Command', 'PUTVAL lines'],
  ] as const) {
    e2e(
      `every value that collectd posts as ${name} arrives in both databases as its csv plugin wrote it (${by})`,
      async (t) => {
        await compareDatabases(t, by, { format });
      },
    );

    e2e(`every value that collectd posts as ${name} with a password with a colon arrives (${by})`, async (t) => {
      await compareDatabases(t, by, { format, user: 'u', password: 'p:w' }, 'other:x,u:p:w');
    });
  }
}
