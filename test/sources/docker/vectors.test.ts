// The vectors of docker-stats-to-backstop in both namings: an answer of the engine, and the points that become of it.

import test from 'ava';
import type { Figure } from '../../../src/sources/docker/figures/figure.ts';
import { faultOf } from '../../../src/model/legal-point.ts';
import type { DataPoint } from '../../../src/model/point.ts';
import { readSample, uptime } from '../../../src/sources/docker/figures/sample.ts';
import { type NameSettings, namesOf } from '../../../src/sources/docker/naming/names.ts';
import { applyRules, parseRules, prefixRule } from '../../../src/sources/docker/naming/rules.ts';
import { recordedStats, recordedText, sampleOf, statsA, statsC, statsOf } from './figures/stats.ts';

const namings = ['legacy', 'tags'] as const;
type Naming = (typeof namings)[number];

function settingsOf(naming: Naming, figures: NameSettings['figures']): NameSettings {
  const prefix = naming === 'legacy' ? '' : 'docker';
  return { naming, prefix, hostname: 'vm', unit: 's', labelTags: [], figures };
}

/** The points of a container `web.api` as `metric timestamp value`. In naming `tags`, the tags are checked here. */
function linesOf(
  t: { deepEqual(actual: unknown, expected: unknown): unknown },
  points: readonly DataPoint[],
  naming: Naming,
): string[] {
  return points.map((point) => {
    const { interface: interfaceName, ...tags } = point.tags;
    t.deepEqual(tags, naming === 'legacy' ? {} : { host: 'vm', container: 'web.api', image: 'shop/web' });
    t.deepEqual(faultOf(point, naming === 'legacy' ? { metricForm: /^[!-~]+$/, minTags: 0 } : {}), undefined);
    const suffix = interfaceName === undefined ? '' : ` interface=${interfaceName}`;
    return `${point.metric} ${point.timestamp} ${point.value}${suffix}`;
  });
}

const container = { name: 'web.api', id: 'a'.repeat(64), image: 'shop/web', labels: {} };

/** @param figures - `name value`, and for an interface `name value interface` */
function expectedLines(naming: Naming, seconds: number, figures: readonly string[]): string[] {
  return figures.map((figure) => {
    const [name = '', value, interfaceName] = figure.split(' ');
    if (interfaceName === undefined) return `${naming === 'legacy' ? 'web.api' : 'docker'}.${name} ${seconds} ${value}`;
    const counter = name.replace('network.', '');
    return naming === 'legacy'
      ? `web.api.network.${interfaceName}.${counter} ${seconds} ${value}`
      : `docker.network.interface.${counter} ${seconds} ${value} interface=${interfaceName}`;
  });
}

interface Vector {
  readonly id: string;
  readonly title: string;
  readonly stats: object;
  readonly figures: NameSettings['figures'];
  readonly seconds: number;
  readonly expected: readonly string[];
}

const cpuOfVectors = ['cpu.system 900000', 'cpu.total 3000', 'cpu.kernel 1000', 'cpu.user 2000'];
const networkOfA = [
  'network.rx_bytes 100',
  'network.rx_packets 10',
  'network.rx_errors 0',
  'network.rx_dropped 1',
  'network.tx_bytes 200',
  'network.tx_packets 20',
  'network.tx_errors 0',
  'network.tx_dropped 2',
];
const memoryOfC = ['memory.usage 5000', 'memory.cache 1500', 'memory.active 3500', 'memory.limit 8000'];
const networkOfC = ['network.rx_bytes 101', ...networkOfA.slice(1)];

const vectors: readonly Vector[] = [
  {
    id: 'D1',
    title: 'a sample of API 1.17 gives the 17 original figures in their order, and no block I/O',
    stats: statsA,
    figures: 'original',
    seconds: 1_424_680_746,
    expected: [
      ...cpuOfVectors,
      'memory.usage 5000',
      'memory.cache 1500',
      'memory.active 3500',
      'memory.max_usage 6000',
      'memory.limit 8000',
      ...networkOfA,
    ],
  },
  {
    id: 'D2',
    title:
      'a sample of cgroup v2 gives the original figures, with those of page cache and networks that the original lost',
    stats: statsC,
    figures: 'original',
    seconds: 1_709_633_742,
    expected: [...cpuOfVectors, ...memoryOfC, ...networkOfC],
  },
  {
    id: 'D3',
    title: 'a sample of cgroup v2 gives all figures',
    stats: statsC,
    figures: 'all',
    seconds: 1_709_633_742,
    expected: [
      ...cpuOfVectors,
      ...memoryOfC,
      ...networkOfC,
      'cpu.percent 8.0',
      'cpu.online 4',
      'memory.used 3800',
      'memory.percent 47.5',
      ...networkOfA.map((figure) => `${figure} eth0`),
      'network.rx_bytes 1 eth1',
      'blkio.read_bytes 10',
      'blkio.write_bytes 20',
      'pids 7',
    ],
  },
  {
    id: 'D5',
    title: 'active memory stops at 0 when the page cache is larger than the usage',
    stats: { read: statsA.read, memory_stats: { usage: 100, stats: { total_cache: 150 } } },
    figures: 'original',
    seconds: 1_424_680_746,
    expected: ['memory.usage 100', 'memory.cache 150', 'memory.active 0'],
  },
  {
    id: 'D8',
    title: 'a sample with one field gives one figure',
    stats: { read: statsA.read, cpu_stats: { system_cpu_usage: 100 } },
    figures: 'all',
    seconds: 1_424_680_746,
    expected: ['cpu.system 100'],
  },
  {
    id: 'X1',
    title: 'counters above 2^53 keep all digits',
    stats: {
      read: statsA.read,
      cpu_stats: { system_cpu_usage: 66_161_895_600_000_001n, cpu_usage: { total_usage: 9_223_372_036_854_775_807n } },
    },
    figures: 'all',
    seconds: 1_424_680_746,
    expected: ['cpu.system 66161895600000001', 'cpu.total 9223372036854775807'],
  },
];

for (const naming of namings) {
  for (const { id, title, stats, figures, seconds, expected } of vectors) {
    test(`${id} in naming ${naming}: ${title}`, (t) => {
      const sample = sampleOf(statsOf(stats));
      const names = namesOf(settingsOf(naming, figures));
      const points = names.containerPoints(container, undefined, sample.figures, sample.atMs);
      t.deepEqual(linesOf(t, points, naming), expectedLines(naming, seconds, expected));
    });
  }

  test(`D6 in naming ${naming}: uptime is whole seconds at the time of the poll`, (t) => {
    const now = Date.parse('2024-03-05T10:15:42Z');
    const figure = uptime(Date.parse('2024-03-05T10:00:00.5Z'), now) as Figure;
    const points = namesOf(settingsOf(naming, 'original')).containerPoints(container, undefined, [figure], now);
    t.deepEqual(linesOf(t, points, naming), expectedLines(naming, 1_709_633_742, ['uptime 941']));
  });
}

test('D4: a container that does not run has no figures', (t) => {
  const usage = { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 };
  const stats = statsOf({ read: '0001-01-01T00:00:00Z', cpu_stats: { cpu_usage: usage } });
  t.deepEqual(readSample(stats, undefined), { skip: 'stopped' });
  t.deepEqual(readSample(recordedStats('stats-stopped'), undefined), { skip: 'stopped' });
});

test('D7: a container that never started has no uptime', (t) => {
  t.is(uptime(undefined, Date.parse('2024-03-05T10:15:42Z')), undefined);
  t.is(uptime(Date.parse('0001-01-01T00:00:00Z'), Date.parse('2024-03-05T10:15:42Z')), undefined);
});

const customer = String.raw`[{"regexp":"(.*)\\..*","into":"prefix.$1","category":"customer"}]`;
const shortName = String.raw`[{"regexp":"(.*)\\..*\\.(.*)\\..*","into":"$1.$2"}]`;
const greedy = String.raw`[{"regexp":"^(\\w+)-(\\d+)$","into":"$1_$2"}]`;
const braces = String.raw`[{"regexp":"^(\\w+)-(\\d+)$","into":"${'${1}'}_$2"}]`;
const two = '[{"regexp":"web","into":"a","category":"one"},{"regexp":"web","into":"b","category":"two"}]';

const renamings: readonly (readonly [id: string, rules: string, given: string, name: string, category?: string])[] = [
  ['R1', '[]', '/web.1', 'web.1'],
  ['R1', '', '/web.1', 'web.1'],
  ['R2', customer, 'name', 'name'],
  ['R2', customer, 'name.bla', 'prefix.name', 'customer'],
  ['R3', shortName, '/my.container.name.service', 'my.name'],
  ['R3', shortName, '/my.container.name', 'my.container.name'],
  ['R4', '[{"regexp":"web","into":"www"}]', '/web-web', 'www-www'],
  ['R5', greedy, '/web-12', '12'],
  ['R5', braces, '/web-12', 'web_12'],
  ['R6', '[{"regexp":"^db","category":"data"}]', '/db-1', 'db-1', 'data'],
  ['R7', two, '/web', 'a', 'one'],
];

for (const [index, [id, rules, given, name, category]] of renamings.entries()) {
  test(`${id} (${index}): the rules ${rules} turn ${given} into ${name}, category ${category ?? 'none'}`, (t) => {
    const ruled = applyRules(parseRules(rules), given);
    t.deepEqual(ruled, { name, category });
    const named = { ...container, name: ruled.name };
    const figures = [{ name: 'pids', value: '7', isOriginal: false }];
    const at = 1_709_633_742_123;
    const [legacy] = namesOf(settingsOf('legacy', 'all')).containerPoints(named, ruled.category, figures, at);
    t.is(legacy?.metric, `${name}.pids`);
    const [tagged] = namesOf(settingsOf('tags', 'all')).containerPoints(named, ruled.category, figures, at);
    t.deepEqual(tagged?.tags, {
      host: 'vm',
      container: name,
      image: 'shop/web',
      ...(category === undefined ? {} : { category }),
    });
  });
}

test('R8: an invalid expression and an object instead of an array are errors that say what was found', (t) => {
  t.throws(() => parseRules('[{"regexp":"(","into":"x"}]'), {
    message: 'rule 1: regexp: expected RE2 syntax, found "(" (missing closing ): `(`)',
  });
  t.throws(() => parseRules('{"regexp":"a","into":"b"}'), {
    message: 'expected a JSON array of {"regexp": …, "into": …, "category": …}, found an object',
  });
});

interface Posted {
  readonly metric: string;
  readonly value: number;
  readonly measure_time: number;
}

test('the recorded engine gives the names that the original posted about it, in its order', (t) => {
  const posted = JSON.parse(recordedText('original-posted.json')) as Posted[];
  const names = namesOf(settingsOf('legacy', 'original'));
  const rules = parseRules(
    JSON.stringify([{ regexp: String.raw`(.*)\..*\.(.*)\..*`, into: '$1.$2', category: 'svc' }]),
  );
  const byCategory = new Map<string, number>();
  const points = [
    ['worker-7', recordedStats('stats-v1.17-worker-7')] as const,
    // The recording of the second container is of a newer API, which has no `network`.
    ['my.container.name.service', withNetworkOf('stats-my.container.name.service', 'stats-v1.17-worker-7')] as const,
  ].flatMap(([given, stats]) => {
    const { name, category } = applyRules(rules, given);
    if (category !== undefined) byCategory.set(category, (byCategory.get(category) ?? 0) + 1);
    const sample = sampleOf(stats);
    const figures = [
      ...sample.figures.filter(({ isOriginal }) => isOriginal),
      uptime(sample.atMs - 27_500, sample.atMs),
    ];
    return names.containerPoints({ ...container, name }, category, figures as Figure[], sample.atMs);
  });
  const host = { total: 2, byState: [['running', 2]] as const, byCategory, pollDurationNs: 1_015_221_356n, threads: 1 };
  const all = [...points, ...names.hostPoints(host, 1_796_035_479_000)];
  t.deepEqual(
    all.map(({ metric }) => metric),
    posted.map(({ metric }) => metric),
  );
  t.deepEqual(
    all.slice(-4).map(({ value, timestamp }) => [value, timestamp]),
    posted.slice(-4).map(({ value, measure_time: time }) => [String(value), time]),
  );
});

function withNetworkOf(name: string, other: string): object {
  const { network } = recordedStats(other) as { readonly network: unknown };
  return { ...(recordedStats(name) as object), network };
}

test('the older --prefix is one rule without a category', (t) => {
  const rules = prefixRule('{"regexp":"^web-","into":"www."}');
  t.deepEqual(applyRules(rules, '/web-1'), { name: 'www.1', category: undefined });
  t.deepEqual(applyRules(rules, '/db-1'), { name: 'db-1', category: undefined });
});
