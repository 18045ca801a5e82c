// Setting values are parsed strictly, and each error has what was expected and what was found.

import test from 'ava';
import { readFileSync } from 'node:fs';
import {
  carbonAddress,
  header,
  listenAddress,
  origin,
  port,
  tsdbAddress,
  urlOfTsdb,
  withoutPassword,
  withoutValue,
} from '../../../src/config/settings/addresses.ts';
import { groups } from '../../../src/config/settings/setting.ts';
import { environmentNameOf, flagOf, nameOf } from '../../../src/config/settings/names.ts';
import { settingsTables } from '../../../src/config/settings/table.ts';
import {
  bytes,
  choice,
  days,
  hours,
  metricPrefix,
  path,
  interval,
  secret,
  yesOrNo,
} from '../../../src/config/settings/values.ts';
import { settingEntries } from '../../../src/config/settings/settings.ts';

const tsdbUrl = (text: string): string => urlOfTsdb(tsdbAddress(text), 4242);

const accepted: readonly (readonly [
  what: string,
  parse: (text: string) => unknown,
  cases: Readonly<Record<string, unknown>>,
])[] = [
  [
    'listen',
    listenAddress(''),
    {
      '8080': { host: '', port: 8080 },
      '0': { host: '', port: 0 },
      ':8080': { host: '', port: 8080 },
      '*:8080': { host: '', port: 8080 },
      '127.0.0.1:8080': { host: '127.0.0.1', port: 8080 },
      '[::1]:8080': { host: '::1', port: 8080 },
      'bridge.example:8080': { host: 'bridge.example', port: 8080 },
    },
  ],
  ['admin-listen', listenAddress('127.0.0.1'), { '9': { host: '127.0.0.1', port: 9 }, '*:9': { host: '', port: 9 } }],
  [
    'tsdb-host',
    tsdbUrl,
    {
      'tsdb.example': 'http://tsdb.example:4242',
      'tsdb.example:80': 'http://tsdb.example:80',
      my_tsdb: 'http://my_tsdb:4242',
      '10.0.0.1': 'http://10.0.0.1:4242',
      '::1': 'http://[::1]:4242',
      '[::1]': 'http://[::1]:4242',
      '[::1]:4243': 'http://[::1]:4243',
      'https://tsdb.example': 'https://tsdb.example',
      'http://tsdb.example:4243/': 'http://tsdb.example:4243',
      'https://user:pa%3Ass@tsdb.example/prefix/': 'https://user:pa%3Ass@tsdb.example/prefix',
    },
  ],
  [
    'graphite',
    carbonAddress,
    {
      'carbon.example': { host: 'carbon.example', port: 2003, instance: undefined },
      '10.0.0.1:2013': { host: '10.0.0.1', port: 2013, instance: undefined },
      'carbon:2003:a-1': { host: 'carbon', port: 2003, instance: 'a-1' },
      '::1': { host: '::1', port: 2003, instance: undefined },
      '[::1]:2013:a': { host: '::1', port: 2013, instance: 'a' },
      'carbon://c:1': { host: 'c', port: 1, instance: undefined },
      'tcp://c': { host: 'c', port: 2003, instance: undefined },
    },
  ],
  [
    'max-body-bytes',
    bytes('1KiB'),
    { 1024: 1024, '1KiB': 1024, '1.5 MiB': 1_572_864, '2kb': 2000, '4GiB': 2 ** 32, '1024B': 1024, '1tb': 1e12 },
  ],
  ['refresh-hours', hours, { 24: 24, '90m': 1.5, '12h': 12, '1d': 24, '15min': 0.25, '0.5': 0.5 }],
  ['archive-days', days, { 30: 30, 1: 1, 3650: 3650 }],
  [
    'self-metrics',
    interval('10s', '1h'),
    { '10s': 10_000, '30 s': 30_000, '1m': 60_000, '1.5min': 90_000, '1h': 3_600_000 },
  ],
  [
    'tsdb-header',
    header,
    { 'X-Scope: a b': ['X-Scope', 'a b'], 'Authorization:Bearer x:y': ['Authorization', 'Bearer x:y'] },
  ],
  [
    'catchpoint-url',
    origin,
    { 'https://io.catchpoint.com': 'https://io.catchpoint.com', 'http://127.0.0.1:9/': 'http://127.0.0.1:9' },
  ],
  ['timings', yesOrNo, { true: true, Yes: true, on: true, 1: true, false: false, NO: false, off: false, 0: false }],
  ['secret', secret, { abc: 'abc', 'abc\n': 'abc', ' a b \r\n': 'a b' }],
];

for (const [what, parse, cases] of accepted) {
  test(`${what} accepts all its notations`, (t) => {
    for (const [text, value] of Object.entries(cases)) t.deepEqual(parse(text), value, text);
  });
}

const address = 'expected [host:]port, the port from 0 to 65535, found ';
const tsdb = 'expected host, host:port, [v6]:port or http(s)://user:password@host:port/prefix, found ';
const size = 'expected a number of bytes such as 8192, 512MiB or 4GB, found ';

const refused: readonly (readonly [
  what: string,
  parse: (text: string) => unknown,
  cases: Readonly<Record<string, string>>,
])[] = [
  [
    'graphite',
    carbonAddress,
    Object.fromEntries(
      [
        '',
        ':2003',
        'c:0',
        'c:65536',
        'c:x',
        'c:1:',
        'c:1:a:b',
        'http://c',
        'a b',
        "c'",
        '[x]:1',
        '2003',
        'u@c',
        'c/d',
      ].map((text) => [
        text,
        `expected host, host:port, [v6]:port or host:port:instance, found ${JSON.stringify(text)}`,
      ]),
    ),
  ],
  [
    'listen',
    listenAddress(''),
    {
      x: `${address}"x"`,
      '': `${address}""`,
      '65536': `${address}"65536"`,
      '-1': `${address}"-1"`,
      '::1:8080': `${address}"::1:8080"`,
      '[127.0.0.1]:8080': `${address}"[127.0.0.1]:8080"`,
      'http://h:80': `${address}"http://h:80"`,
    },
  ],
  [
    'tsdb-port',
    port,
    {
      0: 'expected a port from 1 to 65535, found "0"',
      65536: 'expected a port from 1 to 65535, found "65536"',
      '4242x': 'expected a port from 1 to 65535, found "4242x"',
    },
  ],
  [
    'tsdb-host',
    tsdbUrl,
    {
      'a b': `${tsdb}"a b"`,
      'host:': `${tsdb}"host:"`,
      'host:0': `${tsdb}"host:0"`,
      'host:99999': `${tsdb}"host:99999"`,
      '4242': `${tsdb}"4242"`,
      'host/path': `${tsdb}"host/path"`,
      'user:hunter2@host': `${tsdb}"***@host"`,
      'ftp://user:hunter2@host': `${tsdb}"ftp://***@host"`,
      'http://user:hunter2@host:99999': `${tsdb}"http://***@host:99999"`,
      'http://host/?a=b': `${tsdb}"http://host/?***"`,
      'http://': `${tsdb}"http://"`,
      'http://user:50%off@host': 'expected a % in user or password to be written %25, found "http://***@host"',
    },
  ],
  [
    'max-body-bytes',
    bytes('1KiB'),
    {
      '1 KiBB': `${size}"1 KiBB"`,
      '1K': `${size}"1K"`,
      '-5': `${size}"-5"`,
      '': `${size}""`,
      '9e9': `${size}"9e9"`,
      1023: 'expected at least 1KiB, found "1023"',
    },
  ],
  [
    'refresh-hours',
    hours,
    {
      '1w': 'expected a number of hours such as 24, or 90m, 12h, 1d, found "1w"',
      '1m': 'expected from 15m to 7d, found "1m"',
      '8d': 'expected from 15m to 7d, found "8d"',
    },
  ],
  [
    'self-metrics',
    interval('10s', '1h'),
    {
      30: 'expected a time with its unit such as 30s, 5m or 1h, found "30"',
      '1d': 'expected a time with its unit such as 30s, 5m or 1h, found "1d"',
      '9s': 'expected from 10s to 1h, found "9s"',
      '61m': 'expected from 10s to 1h, found "61m"',
    },
  ],
  [
    'archive-days',
    days,
    {
      0: 'expected a number of days from 1 to 3650, found "0"',
      '1.5': 'expected a number of days from 1 to 3650, found "1.5"',
      '4w': 'expected a number of days from 1 to 3650, found "4w"',
    },
  ],
  [
    'tsdb-header',
    header,
    {
      'Bearer hunter2': 'expected "Name: value", found a text without a colon',
      'A b: c': 'expected the name of a header before the colon, found "A b"',
      'content-length: 5': 'expected a header other than those the bridge writes itself, found content-length',
      'X-A:': 'expected a value that a header can have, found another for X-A',
      'X-A: a\r\nX-B: b': 'expected a value that a header can have, found another for X-A',
    },
  ],
  [
    'catchpoint-url',
    origin,
    {
      'io.catchpoint.com': 'expected an origin such as https://io.catchpoint.com, found "io.catchpoint.com"',
      'https://io.catchpoint.com/ui/api':
        'expected an origin such as https://io.catchpoint.com, found "https://io.catchpoint.com/ui/api"',
      'https://a:hunter2@io.catchpoint.com':
        'expected an origin such as https://io.catchpoint.com, found "https://***@io.catchpoint.com"',
    },
  ],
  [
    'metric-prefix',
    metricPrefix,
    {
      'a b': 'expected 1 to 64 of the characters A-Z a-z 0-9 . _ / -, and no dot at the end, found "a b"',
      'a.': 'expected 1 to 64 of the characters A-Z a-z 0-9 . _ / -, and no dot at the end, found "a."',
    },
  ],
  ['put', choice(['http', 'telnet']), { HTTP: 'expected http or telnet, found "HTTP"' }],
  [
    'log-level',
    choice(['debug', 'info', 'warn']),
    {
      x: 'expected one of debug, info, warn, found "x"',
      ['x'.repeat(90)]: `expected one of debug, info, warn, found "${'x'.repeat(80)}…"`,
    },
  ],
  ['timings', yesOrNo, { maybe: 'expected true or false, found "maybe"' }],
  [
    'secret',
    secret,
    {
      ' \n': 'expected one line of text, found nothing',
      'hunter2\nhunter3': 'expected one line of text, found several or control characters',
    },
  ],
  ['file', path, { ' ': 'expected a path, found " "' }],
];

for (const [what, parse, cases] of refused) {
  test(`${what} refuses other texts with what it expected and found`, (t) => {
    for (const [text, message] of Object.entries(cases)) t.throws(() => parse(text), { message }, text);
  });
}

test('addresses and headers are redacted', (t) => {
  t.is(withoutPassword('https://user:p@ss@host:1/x'), 'https://***@host:1/x');
  t.is(withoutPassword('host:1'), 'host:1');
  t.is(withoutPassword('http://host:99999/x?key=1'), 'http://host:99999/x?***');
  t.is(withoutPassword('http://user:pass?word@host/x'), 'http://***@host/x');
  t.is(withoutPassword('http://user:pass'), 'http://user:***', 'of http://user:pass,word@host in a list');
  t.is(withoutValue('Authorization: Bearer x:y\nz'), 'Authorization: ***');
});

test('a setting has the same name as flag, variable and file key', (t) => {
  t.is(nameOf('spoolMaxBytes'), 'spool-max-bytes');
  t.is(environmentNameOf('spoolMaxBytes'), 'CATCHPOINT_BRIDGE_SPOOL_MAX_BYTES');
  const flags = settingEntries.map(([key, setting]) => flagOf(key, setting));
  t.is(new Set(flags).size, flags.length);
  t.true(flags.includes('--no-assign-uids') && flags.includes('--timings'));
});

test('the six flags of the original bridge keep their letters and defaults', (t) => {
  const short = settingEntries.flatMap(([key, setting]) =>
    setting.short === undefined ? [] : [[`-${setting.short}`, key, setting.default]],
  );
  t.deepEqual(short, [
    ['-l', 'listen', '8080'],
    ['-t', 'tsdbHost', 'localhost'],
    ['-p', 'tsdbPort', '4242'],
    ['-f', 'fileMode', 'false'],
    ['-k', 'key', undefined],
    ['-s', 'secret', undefined],
  ]);
});

test('every default is valid, and the settings are in the order of their groups', (t) => {
  for (const [key, setting] of settingEntries) {
    t.notThrows(
      () => setting.read(setting.default === undefined ? [] : setting.default.split(setting.separator ?? '\0')),
      key,
    );
  }
  t.deepEqual([...new Set(settingEntries.map(([, { group }]) => group))], [...groups]);
});

test('the table in docs/configuration.md is up to date', (t) => {
  const page = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
  const [, between] = /^<!-- settings -->\n([\s\S]*?)^<!-- \/settings -->$/m.exec(page) ?? [];
  t.is(between?.trim(), settingsTables().trim());
});
