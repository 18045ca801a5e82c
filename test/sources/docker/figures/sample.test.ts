// What a sample gives: per cents, what is left out and never written as zero, and the engine's own answers.

import test from 'ava';
import fc from 'fast-check';
import { LosslessNumber } from 'lossless-json';
import { faultOfNumber } from '../../../../src/model/legal-point.ts';
import { readSample } from '../../../../src/sources/docker/figures/sample.ts';
import { linesOf, recordedStats, recordedText, sampleOf, statsA, statsC, statsOf, valueOf } from './stats.ts';

const read = statsC.read;

test('a one-shot sample has no per cent without a sample before it, and one with it', (t) => {
  const first = sampleOf(recordedStats('stats-worker-7'));
  const later = recordedStats('stats-oneshot-worker-7');
  t.is(valueOf(sampleOf(later), 'cpu.percent'), undefined);
  // (1752001187 - 1552408178) / (7317220000000 - 7315240000000) * 2 * 100
  t.is(valueOf(sampleOf(later, first.cpu), 'cpu.percent'), '20.1609');
});

test('the precpu that the engine filled gives the per cent of its own command line', (t) => {
  // (1552408178 - 1354091995) / (7315240000000 - 7313330000000) * 2 * 100
  t.is(valueOf(sampleOf(recordedStats('stats-worker-7')), 'cpu.percent'), '20.7661');
  t.is(valueOf(sampleOf(recordedStats('stats-my.container.name.service')), 'cpu.percent'), '0.0');
});

test('used memory and its per cent equal what docker stats showed', (t) => {
  const shown = recordedText('docker-stats-cli.ndjson')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly Name: string; readonly MemUsage: string; readonly MemPerc: string });
  t.is(shown.length, 2);
  for (const { Name: name, MemUsage: usage, MemPerc: percent } of shown) {
    const sample = sampleOf(recordedStats(`stats-oneshot-${name}`));
    t.is(`${Number(valueOf(sample, 'memory.used')) / 1024}KiB`, usage.replace(/ .*/, ''));
    t.is(`${Number(valueOf(sample, 'memory.percent')).toFixed(2)}%`, percent);
  }
});

test('the recorded sample gives every figure of a container with a CPU limit', (t) => {
  const sample = sampleOf(recordedStats('stats-oneshot-worker-7'));
  t.is(sample.atMs, Date.parse('2026-11-30T10:44:19.830Z'));
  t.is(sample.cgroupVersion, 1);
  t.deepEqual(linesOf(sample.figures), [
    'cpu.system 7317220000000',
    'cpu.total 1752001187',
    'cpu.kernel 20000000',
    'cpu.user 1720000000',
    'memory.usage 331776',
    'memory.cache 0',
    'memory.active 331776',
    'memory.max_usage 3825664',
    'memory.limit 25276514304',
    'cpu.periods 88',
    'cpu.throttled_periods 86',
    'cpu.throttled_time 6324270090',
    'cpu.online 2',
    'memory.used 331776',
    'memory.percent 0.0013',
    'pids 1',
  ]);
});

test('the cgroup version is read from the names of the memory statistics', (t) => {
  t.is(sampleOf(statsOf(statsA)).cgroupVersion, 1);
  t.is(sampleOf(statsOf(statsC)).cgroupVersion, 2);
  t.is(sampleOf(statsOf({ read, pids_stats: { current: 1 } })).cgroupVersion, undefined);
});

const cpuCases: readonly (readonly [
  title: string,
  total: number,
  system: number,
  cpu: object,
  expected: string | undefined,
])[] = [
  ['a container that used no time has 0.0 per cent', 3000, 800_000, {}, '0.0'],
  ['a container that was restarted has no per cent', 3001, 800_000, {}, undefined],
  ['no per cent without time of the machine', 1000, 900_000, {}, undefined],
  ['no per cent when the time of the machine fell', 1000, 900_001, {}, undefined],
  ['without online_cpus, the entries of percpu_usage count', 1000, 800_000, { online_cpus: 0 }, '4.0'],
];

for (const [title, total, systemNs, cpu, expected] of cpuCases) {
  test(`per cent of CPU: ${title}`, (t) => {
    const { cpu_usage: usage, ...others } = statsC.cpu_stats;
    const stats = { ...statsC, cpu_stats: { ...others, ...cpu, cpu_usage: { ...usage, percpu_usage: [1, 2] } } };
    const previous = { atMs: 0, total: BigInt(total), systemNs: BigInt(systemNs) };
    t.is(valueOf(sampleOf(statsOf(stats), previous), 'cpu.percent'), expected);
  });
}

test('the sample before counts more than precpu_stats', (t) => {
  const previous = { atMs: 0, total: 2000n, systemNs: 800_000n };
  t.is(valueOf(sampleOf(statsOf(statsC), previous), 'cpu.percent'), '4.0');
});

test('counters beyond 2^53 give an exact difference', (t) => {
  const cpu = { online_cpus: 1, system_cpu_usage: 2n ** 62n + 200n, cpu_usage: { total_usage: 2n ** 61n + 1n } };
  const previous = { atMs: 0, total: 2n ** 61n, systemNs: 2n ** 62n };
  t.is(valueOf(sampleOf(statsOf({ read, cpu_stats: cpu }), previous), 'cpu.percent'), '0.5');
});

test('a value above 2^63-1 is omitted, and a per cent of it too', (t) => {
  const limit = 18_446_744_073_709_551_615n;
  const sample = sampleOf(statsOf({ read, memory_stats: { usage: 10, limit } }));
  t.deepEqual(linesOf(sample.figures), ['memory.usage 10', 'memory.used 10']);
  const largest = sampleOf(statsOf({ read, memory_stats: { limit: 9_223_372_036_854_775_807n } }));
  t.deepEqual(linesOf(largest.figures), ['memory.limit 9223372036854775807']);
});

test('a total over interfaces that passes 2^63-1 is omitted, the interfaces stay', (t) => {
  const half = { rx_bytes: 2n ** 62n, rx_packets: 1 };
  const { figures } = sampleOf(statsOf({ read, networks: { a: half, b: half } }));
  t.deepEqual(linesOf(figures), [
    'network.rx_packets 2',
    'a network.rx_bytes 4611686018427387904',
    'a network.rx_packets 1',
    'b network.rx_bytes 4611686018427387904',
    'b network.rx_packets 1',
  ]);
});

test('fields that are no counters are left out', (t) => {
  const usage = { total_usage: -1, usage_in_kernelmode: 1.5, usage_in_usermode: '7' };
  const memory = { usage: null, max_usage: true, limit: [1], stats: { total_cache: {} } };
  const stats = statsOf({ read, cpu_stats: { cpu_usage: usage }, memory_stats: memory, pids_stats: { current: 3 } });
  t.deepEqual(linesOf(sampleOf(stats).figures), ['pids 3']);
  const huge = {
    ...(statsOf({ read, pids_stats: { current: 3 } }) as object),
    memory_stats: { usage: new LosslessNumber('1e3') },
  };
  t.deepEqual(linesOf(sampleOf(huge).figures), ['pids 3']);
  t.deepEqual(
    linesOf(sampleOf(statsOf({ read, pids_stats: { current: 3 }, memory_stats: { usage: 2n ** 64n } })).figures),
    ['pids 3'],
  );
});

test('CPU counters of 0, as of a cgroup that the engine could not read, give no figure', (t) => {
  const usage = { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 };
  const throttling = { periods: 0, throttled_periods: 0, throttled_time: 0 };
  const stats = { read, cpu_stats: { cpu_usage: usage, system_cpu_usage: 5, throttling_data: throttling } };
  t.deepEqual(linesOf(sampleOf(statsOf(stats)).figures), ['cpu.system 5']);
});

test('an empty list of block I/O gives no figure, and each operation is summed over the devices', (t) => {
  for (const list of [
    null,
    [],
    [
      { op: 'Sync', value: 1 },
      { op: 'Total', value: 2 },
    ],
  ]) {
    const stats = { read, pids_stats: { current: 1 }, blkio_stats: { io_service_bytes_recursive: list } };
    t.deepEqual(linesOf(sampleOf(statsOf(stats)).figures), ['pids 1']);
  }
  const list = [
    { major: 8, minor: 0, op: 'Read', value: 2n ** 60n },
    { major: 8, minor: 16, op: 'Read', value: 1 },
    { major: 8, minor: 16, op: 'Write', value: 0 },
  ];
  const { figures } = sampleOf(statsOf({ read, blkio_stats: { io_service_bytes_recursive: list } }));
  t.deepEqual(linesOf(figures), ['blkio.read_bytes 1152921504606846977', 'blkio.write_bytes 0']);
});

test('a container without a network of its own has no network figures', (t) => {
  for (const networks of [{}, { networks: {} }, { networks: null }, { network: null }]) {
    t.deepEqual(linesOf(sampleOf(statsOf({ read, pids_stats: { current: 1 }, ...networks })).figures), ['pids 1']);
  }
});

test('Podman counts bytes alone: its zeros for packets give no figure', (t) => {
  const counted = {
    rx_bytes: 10,
    rx_packets: 0,
    rx_errors: 0,
    rx_dropped: 0,
    tx_bytes: 20,
    tx_packets: 0,
    tx_errors: 0,
    tx_dropped: 0,
  };
  t.deepEqual(linesOf(sampleOf(statsOf({ read, networks: { network: counted } })).figures), [
    'network.rx_bytes 10',
    'network.tx_bytes 20',
    'network network.rx_bytes 10',
    'network network.tx_bytes 20',
  ]);
});

test('used memory leaves out the inactive files of whichever cgroup version fits, as docker stats does', (t) => {
  const used = (stats: object): string | undefined =>
    valueOf(sampleOf(statsOf({ read, memory_stats: { usage: 100, stats } })), 'memory.used');
  t.is(used({ total_inactive_file: 40, inactive_file: 30 }), '60');
  t.is(used({ total_inactive_file: 100, inactive_file: 30 }), '70');
  t.is(used({ inactive_file: 30 }), '70');
  t.is(used({ inactive_file: 100 }), '100');
  t.is(used({}), '100');
});

test('a sample without a usable time is skipped', (t) => {
  const stats = { pids_stats: { current: 1 } };
  for (const time of [
    undefined,
    null,
    '',
    'now',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '2200-01-01T00:00:00Z',
    1_700_000_000,
  ]) {
    t.deepEqual(readSample(statsOf({ ...stats, read: time }), undefined), { skip: 'not-measured' }, String(time));
    t.deepEqual(readSample(statsOf({ read: time }), undefined), { skip: 'stopped' }, String(time));
  }
  t.deepEqual(readSample(statsOf({ read }), undefined), { skip: 'not-measured' });
});

test('an answer that is no object is skipped', (t) => {
  for (const stats of [null, undefined, [], 'text', new LosslessNumber('1')]) {
    t.deepEqual(readSample(stats, undefined), { skip: 'stopped' });
  }
});

test('the time is rounded down to ms, and an offset is understood', (t) => {
  const at = (time: string): number => sampleOf(statsOf({ read: time, pids_stats: { current: 1 } })).atMs;
  t.is(at('2015-02-23T08:39:06.071999999Z'), 1_424_680_746_071);
  t.is(at('2015-02-23T09:39:06.071+01:00'), 1_424_680_746_071);
});

test('a Windows container has CPU time in ns, and the per cent of the intervals that passed', (t) => {
  const stats = {
    read,
    num_procs: 4,
    cpu_stats: { cpu_usage: { total_usage: 3000, usage_in_kernelmode: 1000, usage_in_usermode: 2000 } },
    memory_stats: { commitbytes: 10, commitpeakbytes: 20, privateworkingset: 5 },
    storage_stats: { read_size_bytes: 7, write_size_bytes: 8 },
    networks: { Ethernet: { rx_bytes: 1, rx_packets: 1 } },
  };
  const previous = { atMs: Date.parse(read) - 1, total: 1000n, systemNs: undefined };
  t.deepEqual(linesOf(sampleOf(statsOf(stats), previous).figures), [
    'cpu.total 300000',
    'cpu.kernel 100000',
    'cpu.user 200000',
    'network.rx_bytes 1',
    'network.rx_packets 1',
    'cpu.percent 20.0',
    'cpu.online 4',
    'memory.used 5',
    'blkio.read_bytes 7',
    'blkio.write_bytes 8',
    'Ethernet network.rx_bytes 1',
    'Ethernet network.rx_packets 1',
  ]);
});

const counter = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 65n }),
  fc.bigInt({ min: 0n, max: 100n }),
  fc.constantFrom<unknown>(null, -1, 1.5, '7', undefined, [], {}),
);
const record = (...names: string[]): fc.Arbitrary<object> =>
  fc.record(Object.fromEntries(names.map((name) => [name, counter])), { requiredKeys: [] });
const cpuStats = fc.record(
  {
    system_cpu_usage: counter,
    online_cpus: counter,
    cpu_usage: record('total_usage', 'usage_in_kernelmode', 'usage_in_usermode'),
    throttling_data: record('periods', 'throttled_periods', 'throttled_time'),
  },
  { requiredKeys: [] },
);
const anyStats = fc.record(
  {
    read: fc.constantFrom<unknown>(read, '0001-01-01T00:00:00Z', 5),
    num_procs: fc.constantFrom(0, 4),
    cpu_stats: cpuStats,
    precpu_stats: cpuStats,
    memory_stats: fc.record(
      { usage: counter, limit: counter, stats: record('total_cache', 'file', 'inactive_file') },
      { requiredKeys: [] },
    ),
    networks: fc.dictionary(fc.string(), record('rx_bytes', 'rx_packets', 'tx_bytes')),
    blkio_stats: fc.record({
      io_service_bytes_recursive: fc.array(fc.record({ op: fc.constantFrom('Read', 'write'), value: counter })),
    }),
    pids_stats: record('current'),
  },
  { requiredKeys: [] },
);

test('whatever the engine answers, a figure is a number that sinks store, and integers and floats never mix', (t) => {
  fc.assert(
    fc.property(anyStats, anyStats, (before, after) => {
      const first = readSample(statsOf(before), undefined);
      const second = readSample(statsOf(after), 'skip' in first ? undefined : first.cpu);
      for (const { name, value } of 'skip' in second ? [] : second.figures) {
        t.is(faultOfNumber(value), undefined, `${name} ${value}`);
        t.regex(value, name.endsWith('.percent') ? /[.]/ : /^\d+$/, name);
      }
    }),
  );
});
