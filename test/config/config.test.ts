// Flags, environment, file and defaults are joined, and all faults are reported at once.

import test from 'ava';
import { type ConfigRead, WrongConfiguration } from '../../src/config/config.ts';
import type { Flags } from '../../src/config/settings/origins.ts';
import { chooseStateDir } from '../../src/config/settings/state-dir.ts';
import { faultsOf, type Given, read } from './given.ts';

test('the defaults are those of the original bridge', (t) => {
  const { config, warnings } = read({});
  t.deepEqual(config, {
    listen: { host: '', port: 8080 },
    adminListen: { host: '127.0.0.1', port: 8081 },
    adminListenChosen: false,
    maxBodyBytes: 1_048_576,
    workers: 0,
    archive: undefined,
    access: {
      tokens: [],
      tokenFiles: [],
      rotationSecret: undefined,
      checkSender: 'off',
      trustedProxies: [],
      divisions: [],
      clients: [],
      tls: undefined,
      limits: {
        maxConnections: 2e3,
        maxConnectionsPerAddress: 256,
        maxRequests: 1e3,
        maxArrivingBytes: 2 ** 25,
      },
    },
    tsdb: {
      isOn: true,
      urls: ['http://localhost:4242'],
      put: 'http',
      putMaxBytes: 8192,
      assignUids: true,
      headers: {},
      caFile: undefined,
    },
    graphite: undefined,
    backstopSink: undefined,
    file: undefined,
    catchpoint: {
      url: 'https://io.catchpoint.com',
      key: undefined,
      secret: undefined,
      apiKey: undefined,
      nodesFile: undefined,
      nodeOverrides: undefined,
      refreshHours: 24,
    },
    takesCatchpoint: true,
    backstop: undefined,
    docker: undefined,
    metrics: {
      prefix: 'catchpoint',
      resolution: 's',
      rtt: 'by-type',
      slices: ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'],
      timings: false,
      testAsTag: false,
      testNameTag: false,
      labelTags: [],
    },
    cardinality: { maxTests: 5000, maxNodes: 5000, maxTagValues: 10_000 },
    stateDir: '/var/lib/catchpoint-opentsdb-bridge',
    spoolMaxBytes: undefined,
    dedupMaxBytes: 96 * 2 ** 20,
    optional: { maxBytes: undefined, maxAgeMs: 86_400_000 },
    log: { level: 'info', format: 'auto' },
  });
  t.deepEqual(warnings, []);
});

test('Graphite is optional beside OpenTSDB, unless it is the only sink or configured as required', (t) => {
  const { graphite, tsdb } = read({
    flags: {
      graphite: ['carbon-a', 'tcp://Carbon-B:2013', '[::1]:2003:b'],
      graphiteNames: 'dotted',
      graphiteOmitTags: ['a', 'b'],
    },
  }).config;
  t.true(tsdb.isOn);
  t.deepEqual(graphite, {
    destinations: [
      { host: 'carbon-a', port: 2003, instance: undefined },
      { host: 'carbon-b', port: 2013, instance: undefined },
      { host: '::1', port: 2003, instance: 'b' },
    ],
    routing: 'all',
    names: 'dotted',
    template: undefined,
    omitTags: ['a', 'b'],
    isTls: false,
    caFile: undefined,
    isRequired: false,
  });
  const isRequired = (flags: Flags): boolean | undefined =>
    read({ flags: { graphite: ['c'], ...flags } }).config.graphite?.isRequired;
  t.deepEqual([{ graphiteRequired: true }, { opentsdb: false }, { opentsdb: false, fileMode: true }].map(isRequired), [
    true,
    true,
    false,
  ]);
  t.false(read({ flags: { graphite: ['c'], opentsdb: false } }).config.tsdb.isOn);
  t.false(read({ flags: { fileMode: true } }).config.tsdb.isOn);
});

test('a Backstop sink is optional beside OpenTSDB or a file, and required without them', (t) => {
  const url = 'https://u:p%2Cw@Backstop.example/publish/PREFIX';
  const isRequired = (flags: Flags): boolean | undefined =>
    read({ flags: { backstopSink: [url], ...flags } }).config.backstopSink?.isRequired;
  t.deepEqual(
    [{}, { backstopSinkRequired: true }, { opentsdb: false }, { opentsdb: false, fileMode: true }].map(isRequired),
    [false, true, true, false],
  );
  const { config, origins } = read({
    flags: { backstopSink: [`${url},http://b:3000/publish/x?y`], backstopSinkCa: '/ca' },
  });
  t.deepEqual(config.backstopSink, {
    urls: ['https://u:p%2Cw@backstop.example/publish/PREFIX', 'http://b:3000/publish/x?y'],
    names: 'dotted',
    caFile: '/ca',
    isRequired: false,
  });
  const shown = 'https://***@Backstop.example/publish/PREFIX, http://b:3000/publish/x?***';
  t.is(origins.find(({ name }) => name === 'backstop-sink')?.value, shown);
});

for (const [title, given, faults] of [
  [
    'no sink',
    { flags: { opentsdb: false } },
    [64, '--no-opentsdb: expected another place for the points, --graphite, --backstop-sink or file mode, found none'],
  ],
  [
    'no sink, by the environment',
    { env: { CATCHPOINT_BRIDGE_OPENTSDB: 'false' } },
    [
      78,
      'CATCHPOINT_BRIDGE_OPENTSDB: expected another place for the points, --graphite, --backstop-sink or file mode, found none',
    ],
  ],
  [
    'a Carbon twice',
    { flags: { graphite: ['c', 'd', 'C:2003'] } },
    [64, '--graphite: expected each Carbon once, found c:2003 twice'],
  ],
  [
    'a Backstop twice',
    { flags: { backstopSink: ['http://b/publish/x', 'http://u:p@B:80/publish/x/'] } },
    [64, '--backstop-sink: expected each URL once, found b:80/publish/x twice'],
  ],
  [
    'Backstops whose sinks would have the same name',
    { flags: { backstopSink: ['http://b/publish/x+y', 'http://b/publish/x@y'] } },
    [64, '--backstop-sink: expected each URL once, found b:80/publish/x_y twice'],
  ],
  [
    'a Backstop without a scheme',
    { flags: { backstopSink: ['u:p@b:3000/publish/x'] } },
    [64, '--backstop-sink: expected http(s)://user:password@host:port/publish/PREFIX, found "***@b:3000/publish/x"'],
  ],
  [
    "a password with a bare % in a Backstop's URL",
    { flags: { backstopSink: ['http://u:p%@b/publish/x'] } },
    [64, '--backstop-sink: expected a % in user or password to be written %25, found "http://***@b/publish/x"'],
  ],
  [
    'Carbons with the same hash key',
    { flags: { graphite: ['c:1:a', 'c:2:b', 'c:3', 'c:4'], graphiteRouting: 'hash' } },
    [
      64,
      '--graphite: expected host:port:instance for several Carbons on a host with routing hash, found c with instance none twice',
    ],
  ],
  [
    'a template of the other naming form',
    { flags: { graphite: ['c'], graphiteTemplate: '{metric}.{tags}' } },
    [
      64,
      '--graphite-template: expected neither {tags} nor {values} in tagged names, where tags follow the name, found "{metric}.{tags}"',
    ],
  ],
] as readonly (readonly [string, Given, readonly [number, ...string[]]])[]) {
  test(`fault: ${title}`, (t) => t.deepEqual(faultsOf(given), faults));
}

test('precedence is flag, environment, file, default', (t) => {
  const file = 'tsdb-port: 1\nput: telnet\nresolution: ms\n';
  const env = { CATCHPOINT_BRIDGE_TSDB_PORT: '2', CATCHPOINT_BRIDGE_PUT: 'http' };
  const { config, origins } = read({ file, env, flags: { tsdbPort: '3' } });
  t.deepEqual(
    [config.tsdb.urls[0], config.tsdb.put, config.metrics.resolution, config.metrics.rtt],
    ['http://localhost:3', 'http', 'ms', 'by-type'],
  );
  const shown = origins.filter(({ name }) => ['tsdb-port', 'put', 'resolution', 'rtt'].includes(name));
  t.deepEqual(
    shown.map(({ value, origin }) => [value, origin]),
    [
      ['3', '--tsdb-port'],
      ['http', 'CATCHPOINT_BRIDGE_PUT'],
      ['ms', 'bridge.yaml:3'],
      ['by-type', 'default'],
    ],
  );
});

test('an empty variable counts as unset', (t) => {
  t.is(
    read({ env: { CATCHPOINT_BRIDGE_TSDB_PORT: '' }, file: 'tsdb-port: 7' }).config.tsdb.urls[0],
    'http://localhost:7',
  );
});

test('flags, variables and the file can set every kind of setting', (t) => {
  const wanted = {
    urls: ['http://a:4242', 'https://u:p@b'],
    assignUids: false,
    headers: { 'X-A': '1, 2', 'X-B': 'b' },
    slices: ['node', 'city'],
  };
  const shown = ({ config }: ConfigRead): object => {
    const { urls, assignUids, headers } = config.tsdb;
    return { urls, assignUids, headers, slices: config.metrics.slices };
  };
  t.deepEqual(
    shown(
      read({
        flags: {
          tsdbHost: ['a', 'https://u:p@b'],
          assignUids: false,
          tsdbHeader: ['X-A: 1, 2', 'X-B: b'],
          slices: ['city,node'],
        },
      }),
    ),
    wanted,
  );
  const env = {
    TSDB_HOST: 'a, https://u:p@b',
    ASSIGN_UIDS: 'no',
    TSDB_HEADER: 'X-A: 1, 2\nX-B: b',
    SLICES: 'node,city,node',
  };
  t.deepEqual(
    shown(
      read({ env: Object.fromEntries(Object.entries(env).map(([name, text]) => [`CATCHPOINT_BRIDGE_${name}`, text])) }),
    ),
    wanted,
  );
  t.deepEqual(
    shown(
      read({
        file: 'tsdb-host: [a, "https://u:p@b"]\nassign-uids: false\ntsdb-header:\n  X-A: 1, 2\n  X-B: b\nslices: node,city\n',
      }),
    ),
    wanted,
  );
});

test('a flag can disable a setting that the file enables', (t) => {
  const file = 'timings: true\nassign-uids: false\nfile: /tmp/points\n';
  const { config } = read({ file, flags: { timings: false, assignUids: true, fileMode: false } });
  t.deepEqual([config.metrics.timings, config.tsdb.assignUids, config.file], [false, true, undefined]);
});

test('file mode writes into the state directory; a path switches file mode on', (t) => {
  t.deepEqual(read({ flags: { fileMode: true, stateDir: '/s' } }).config.file, {
    path: '/s/points.put',
    format: 'import',
  });
  t.deepEqual(read({ env: { CATCHPOINT_BRIDGE_FILE: '/x' }, flags: { fileFormat: 'ndjson' } }).config.file, {
    path: '/x',
    format: 'ndjson',
  });
  const shown = read({ flags: { fileMode: true, stateDir: '/s' } }).origins.filter(({ name }) =>
    name.startsWith('file'),
  );
  t.deepEqual(
    shown.map(({ value }) => value),
    ['true', '/s/points.put', 'import'],
  );
});

test('an archive keeps thirty days by default', (t) => {
  t.deepEqual(read({ flags: { archive: '/a' } }).config.archive, { directory: '/a', days: 30 });
  t.deepEqual(read({ env: { CATCHPOINT_BRIDGE_ARCHIVE: '/a' }, file: 'archive-days: 7' }).config.archive, {
    directory: '/a',
    days: 7,
  });
});

test('secrets are read from files and are never shown', (t) => {
  const readFile = (path: string): string => ({ '/run/key': 'K\n', '/run/api': 'hunter4' })[path] ?? '';
  const flags = { keyFile: '/run/key', tsdbHost: ['http://u:hunter1@h'], tsdbHeader: ['X-Token: hunter2'] };
  const read1 = read({
    readFile,
    flags,
    env: { CATCHPOINT_BRIDGE_API_KEY_FILE: '/run/api' },
    file: 'secret: hunter3\n',
  });
  t.like(read1.config.catchpoint, { key: 'K', secret: 'hunter3', apiKey: 'hunter4' });
  const shown = JSON.stringify([read1.origins, read1.warnings]);
  t.notRegex(shown, /hunter/);
  t.regex(shown, /"secret","value":"\*\*\*","origin":"bridge.yaml:1"/);
});

test('if a secret and its file are both set, the one with the higher precedence is used', (t) => {
  const readFile = (): string => 'from file';
  t.is(
    read({ readFile, flags: { apiKeyFile: '/x' }, env: { CATCHPOINT_BRIDGE_API_KEY: 'env' } }).config.catchpoint.apiKey,
    'from file',
  );
  t.is(
    read({ readFile, flags: { apiKey: 'flag' }, env: { CATCHPOINT_BRIDGE_API_KEY_FILE: '/x' } }).config.catchpoint
      .apiKey,
    'flag',
  );
});

const noKeys =
  "credentials: expected --key and --secret (Catchpoint's REST API v1), --api-key (v2) or --nodes-file (no account), found none of them";

for (const [title, given, faults] of [
  ['no credentials', { needsNodes: true }, [64, noKeys]],
  ['a nodes file needs no credentials', { needsNodes: true, flags: { nodesFile: '/n' } }, [0]],
  [
    'a key without a secret',
    { needsNodes: true, flags: { key: 'hunter2' } },
    [64, '--key: expected a secret with it (--secret, --secret-file or CATCHPOINT_BRIDGE_SECRET), found none'],
  ],
  [
    'a secret without a key, in the environment',
    { env: { CATCHPOINT_BRIDGE_SECRET: 'hunter2' } },
    [78, 'CATCHPOINT_BRIDGE_SECRET: expected a key with it (--key, --key-file or CATCHPOINT_BRIDGE_KEY), found none'],
  ],
  [
    'a key twice',
    { env: { CATCHPOINT_BRIDGE_API_KEY: 'hunter2', CATCHPOINT_BRIDGE_API_KEY_FILE: '/x' } },
    [78, 'CATCHPOINT_BRIDGE_API_KEY_FILE: expected one of api-key and api-key-file, found both'],
  ],
  ['a missing secret file', { flags: { apiKeyFile: '/x' } }, [64, '--api-key-file: /x: no such file /x']],
  [
    'an empty secret file',
    { file: 'api-key-file: /x', readFile: () => '\n' },
    [78, 'bridge.yaml:1: api-key-file: /x: expected one line of text, found nothing'],
  ],
  [
    'faults in all places',
    { flags: { listen: 'x' }, env: { CATCHPOINT_BRIDGE_PUT: 'udp' }, file: 'rtt: mean\nlog-level: loud\n' },
    [
      64,
      '--listen: expected [host:]port, the port from 0 to 65535, found "x"',
      'CATCHPOINT_BRIDGE_PUT: expected http or telnet, found "udp"',
      'bridge.yaml:1: rtt: expected by-type or total, found "mean"',
      'bridge.yaml:2: log-level: expected one of debug, info, warn, error, silent, found "loud"',
    ],
  ],
  [
    'faults in environment and file',
    { env: { CATCHPOINT_BRIDGE_PUT: 'udp' }, file: 'rtt: mean\n' },
    [
      78,
      'CATCHPOINT_BRIDGE_PUT: expected http or telnet, found "udp"',
      'bridge.yaml:1: rtt: expected by-type or total, found "mean"',
    ],
  ],
  [
    'an unknown setting in the file, perhaps the credentials',
    { needsNodes: true, file: 'apikey: hunter2\n' },
    [78, 'bridge.yaml:1: apikey: no such setting; did you mean api-key?'],
  ],
  [
    'the setting --config in the file',
    { file: 'config: other.yaml\n' },
    [78, 'bridge.yaml:1: config: no such setting'],
  ],
  [
    'a list for a single value',
    { file: 'listen: [80, 81]\n' },
    [78, 'bridge.yaml:1: listen: expected a single value, found a list'],
  ],
  [
    'a map for a list',
    { file: 'tsdb-host: { a: 4242 }\n' },
    [78, 'bridge.yaml:1: tsdb-host: expected a list of texts, found a map'],
  ],
  ['no slice', { flags: { slices: [','] } }, [64, '--slices: expected at least one, found none']],
  [
    'telnet to URLs',
    { flags: { put: 'telnet', tsdbHost: ['a,https://b,http://u:hunter2@c,http://d:1/e'] } },
    [
      64,
      '--tsdb-host: expected host and port alone with put telnet, found https for b',
      '--tsdb-host: expected host and port alone with put telnet, found a user for c',
      '--tsdb-host: expected host and port alone with put telnet, found the path /e for d:1',
    ],
  ],
  [
    'both listeners on the same port',
    { file: 'listen: 9000\nadmin-listen: 127.0.0.1:9000\n' },
    [78, 'bridge.yaml:2: admin-listen: expected another port than that of --listen, found 9000 for both'],
  ],
  [
    'both listeners on the same port of different addresses',
    { flags: { listen: '10.0.0.1:9000', adminListen: '127.0.0.1:9000' } },
    [0],
  ],
  [
    'no directory for the state',
    { env: {}, canWriteIn: () => false },
    [64, 'state-dir: expected --state-dir, $STATE_DIRECTORY or $HOME, found none of them'],
  ],
] as readonly (readonly [string, Given, readonly (number | string)[]])[]) {
  test(`faults of: ${title}`, (t) => {
    t.deepEqual(faultsOf(given) as readonly (number | string)[], faults);
  });
}

for (const [title, given, warnings] of [
  [
    'secrets on the command line',
    {
      flags: {
        key: 'hunter2',
        secret: 'hunter2',
        tsdbHost: ['http://u:hunter2@h'],
        tsdbHeader: ['X-Api-Key: hunter2'],
      },
    },
    [
      '--key: visible in the process list; use --key-file or CATCHPOINT_BRIDGE_KEY',
      '--secret: visible in the process list; use --secret-file or CATCHPOINT_BRIDGE_SECRET',
      '--tsdb-host: its password is visible in the process list; use CATCHPOINT_BRIDGE_TSDB_HOST or a configuration file',
      '--tsdb-header: visible in the process list; use CATCHPOINT_BRIDGE_TSDB_HEADER or a configuration file',
    ],
  ],
  ['secrets elsewhere', { env: { CATCHPOINT_BRIDGE_API_KEY: 'hunter2' }, flags: { tsdbHeader: ['X-Scope: a'] } }, []],
  [
    'unknown variables',
    { env: { CATCHPOINT_BRIDGE_TSDBHOST: 'x', CATCHPOINT_BRIDGE_COLOUR: 'red' } },
    [
      'CATCHPOINT_BRIDGE_TSDBHOST: no such setting; did you mean CATCHPOINT_BRIDGE_TSDB_HOST?',
      'CATCHPOINT_BRIDGE_COLOUR: no such setting',
    ],
  ],
  [
    'an OpenTSDB in file mode',
    { flags: { fileMode: true, tsdbHost: ['h'] } },
    ['--tsdb-host: without effect, in file mode OpenTSDB is not contacted'],
  ],
  [
    'archive days without an archive',
    { flags: { archiveDays: '3' } },
    ['--archive-days: without effect, there is no --archive'],
  ],
  [
    'file settings without file mode',
    { file: 'file: /x\nfile-format: ndjson\n', flags: { fileMode: false } },
    [
      'bridge.yaml:1: file: without effect, file mode is off',
      'bridge.yaml:2: file-format: without effect, file mode is off',
    ],
  ],
  [
    'a port for hosts that all have one',
    { flags: { tsdbHost: ['a:1,https://b'], tsdbPort: '2' } },
    ['--tsdb-port: without effect, every --tsdb-host has a port of its own'],
  ],
  [
    'headers with telnet, a CA without https',
    { flags: { put: 'telnet', tsdbHeader: ['X-A: a'], tsdbCa: '/ca' } },
    ['--tsdb-header: without effect, telnet has no headers', '--tsdb-ca: without effect, no --tsdb-host is https'],
  ],
  [
    "Graphite's settings without a Carbon",
    { flags: { graphiteRouting: 'hash', graphiteCa: '/ca', graphiteRequired: true } },
    [
      '--graphite-routing: without effect, there is no --graphite',
      '--graphite-required: without effect, there is no --graphite',
      '--graphite-ca: without effect, there is no --graphite-tls',
    ],
  ],
  [
    'settings of a Backstop sink without one',
    { flags: { backstopSinkNames: 'tags', backstopSinkCa: '/ca', backstopSinkRequired: true } },
    [
      '--backstop-sink-names: without effect, there is no --backstop-sink',
      '--backstop-sink-required: without effect, there is no --backstop-sink',
      '--backstop-sink-ca: without effect, no --backstop-sink is https',
    ],
  ],
  [
    'a password and an unusual path in the URL of a Backstop',
    { flags: { backstopSink: ['http://u:p@b/metrics'] } },
    [
      '--backstop-sink: its password is visible in the process list; use CATCHPOINT_BRIDGE_BACKSTOP_SINK or a configuration file',
      '--backstop-sink: expected a path that ends in /publish/PREFIX, found b/metrics, which is posted to as it is',
    ],
  ],
  [
    'a host with OpenTSDB off',
    { flags: { opentsdb: false, graphite: ['c'], tsdbHost: ['h'] } },
    ['--tsdb-host: without effect, OpenTSDB is not written to'],
  ],
] as readonly (readonly [string, Given, readonly string[]])[]) {
  test(`warnings of: ${title}`, (t) => {
    t.deepEqual(read(given).warnings, warnings);
  });
}

test('the error of faults carries the warnings', (t) => {
  const error = t.throws(() => read({ needsNodes: true, env: { CATCHPOINT_BRIDGE_APIKEY: 'x' } }), {
    instanceOf: WrongConfiguration,
  });
  t.deepEqual(error.warnings, ['CATCHPOINT_BRIDGE_APIKEY: no such setting; did you mean CATCHPOINT_BRIDGE_API_KEY?']);
});

const name = 'catchpoint-opentsdb-bridge';
for (const [title, env, canWrite, wanted] of [
  ["the first of systemd's", { STATE_DIRECTORY: '/a:/b', HOME: '/h' }, true, ['/a', 'STATE_DIRECTORY']],
  ['in /var/lib if that is writable', { HOME: '/h', XDG_STATE_HOME: '/x' }, true, [`/var/lib/${name}`, 'default']],
  ['in $XDG_STATE_HOME', { HOME: '/h', XDG_STATE_HOME: '/x' }, false, [`/x/${name}`, 'XDG_STATE_HOME']],
  ['in the home directory', { HOME: '/h', XDG_STATE_HOME: 'relative' }, false, [`/h/.local/state/${name}`, 'default']],
] as const) {
  test(`the state directory is ${title}`, (t) => {
    const checked: string[] = [];
    const canWriteIn = (path: string): boolean => checked.push(path) > 0 && canWrite;
    const choice = chooseStateDir(env, canWriteIn);
    t.deepEqual([choice?.path, choice?.origin], [...wanted]);
    t.true(checked.every((path) => path === `/var/lib/${name}`));
  });
}

test('--state-dir takes precedence over $STATE_DIRECTORY', (t) => {
  const { config, origins } = read({ env: { STATE_DIRECTORY: '/a' }, flags: { stateDir: '/b' } });
  t.is(config.stateDir, '/b');
  t.deepEqual(
    origins.find((shown) => shown.name === 'state-dir'),
    { name: 'state-dir', value: '/b', origin: '--state-dir' },
  );
});

test('self metrics are off without an interval', (t) => {
  t.is(read({}).config.selfMetrics, undefined);
  t.deepEqual(read({ flags: { selfMetrics: '1m' } }).config.selfMetrics, {
    everyMs: 60_000,
    prefix: 'catchpoint.bridge',
  });
});

test("with only Backstop's CARBON_URLS set, Carbon is on, and OpenTSDB and Catchpoint are off", (t) => {
  const config = (env: Readonly<Record<string, string>>) => read({ env, needsNodes: true }).config;
  const { tsdb, graphite, takesCatchpoint, backstop } = config({
    CARBON_URLS: 'carbon://carbon-a:2003,carbon://carbon-b:2003',
  });
  t.deepEqual([tsdb.isOn, takesCatchpoint, backstop !== undefined, graphite?.isRequired], [false, false, true, true]);
  t.deepEqual(
    graphite?.destinations.map(({ host }) => host),
    ['carbon-a', 'carbon-b'],
  );
  t.true(config({ CARBON_URLS: 'carbon://carbon-a:2003', CATCHPOINT_BRIDGE_TSDB_HOST: 'tsdb' }).tsdb.isOn);
});
