// The settings, each of them once: from this table come the flags, the environment's names, the configuration file's
// keys, the help, what `check` prints and the README's table.

import { logFormats, logLevels } from '../log.ts';
import { header, listenAddress, origin, port, tsdbAddress, withoutPassword, withoutValue } from './addresses.ts';
import { list, optional, type Setting, toggle, value } from './kinds.ts';
import { bytes, choice, days, hours, metricPrefix, path, secret } from './values.ts';
import { dimensions, rttRules } from '../sources/catchpoint/slices.ts';

export const settings = {
  listen: value({
    group: 'Push',
    short: 'l',
    argument: 'address',
    default: '8080',
    parse: listenAddress(''),
    help: '[host:]port on which Catchpoint\'s pushes arrive; a port alone: on all interfaces',
  }),
  adminListen: value({
    group: 'Push',
    argument: 'address',
    default: '127.0.0.1:8081',
    parse: listenAddress('127.0.0.1'),
    help: '[host:]port of the second listener, for health and administration; a port alone: on loopback; if the default is taken, a free port',
  }),
  maxBodyBytes: value({
    group: 'Push',
    argument: 'size',
    default: '1MiB',
    parse: bytes('1KiB'),
    help: 'the largest push that is read',
  }),
  archive: optional({
    group: 'Push',
    argument: 'path',
    parse: path,
    help: 'a directory in which raw pushes are kept, packed, a file a day; `replay` reads them',
  }),
  archiveDays: value({
    group: 'Push',
    argument: 'days',
    default: '30',
    parse: days,
    help: 'how many days\' files of the archive are kept, today\'s included',
  }),

  tsdbHost: list({
    group: 'OpenTSDB',
    short: 't',
    argument: 'hosts',
    default: 'localhost',
    separator: ',',
    parse: tsdbAddress,
    masked: withoutPassword,
    help: 'host, host:port, [v6]:port or http(s)://user:password@host:port/prefix; several, separated by commas, are tried in turn',
  }),
  tsdbPort: value({
    group: 'OpenTSDB',
    short: 'p',
    argument: 'port',
    default: '4242',
    parse: port,
    help: 'the port of hosts that are given without one; a URL has its own',
  }),
  put: value({
    group: 'OpenTSDB',
    argument: 'way',
    default: 'http',
    parse: choice(['http', 'telnet']),
    help: 'http, which tells the fate of each point, or telnet, which confirms nothing',
  }),
  putMaxBytes: value({
    group: 'OpenTSDB',
    argument: 'size',
    default: '8192',
    parse: bytes('512'),
    help: 'the largest compressed request; an OpenTSDB with default settings refuses more than 8192',
  }),
  assignUids: toggle({
    group: 'OpenTSDB',
    default: 'true',
    help: 'do not assign an id to a metric or tag that OpenTSDB does not know yet; its points become dead letters',
  }),
  tsdbHeader: list({
    group: 'OpenTSDB',
    argument: 'header',
    separator: '\n',
    parse: header,
    masked: withoutValue,
    help: '\'Name: value\', sent with every request; can be repeated, in the environment one a line',
  }),
  tsdbCa: optional({
    group: 'OpenTSDB',
    argument: 'path',
    parse: path,
    help: 'a PEM file of the certificate authorities to trust for https',
  }),

  fileMode: toggle({
    group: 'File mode',
    short: 'f',
    default: 'false',
    help: 'do not contact OpenTSDB, write the points to a file',
  }),
  file: optional({
    group: 'File mode',
    argument: 'path',
    defaultWords: 'points.put in the state directory',
    parse: path,
    help: 'the file to write to; also switches file mode on',
  }),
  fileFormat: value({
    group: 'File mode',
    argument: 'format',
    default: 'import',
    parse: choice(['import', 'ndjson']),
    help: 'import, as `tsdb import` reads it, or ndjson, a JSON object a line',
  }),

  key: optional({
    group: 'Catchpoint',
    short: 'k',
    argument: 'key',
    isSecret: true,
    parse: secret,
    help: 'the key of Catchpoint\'s REST API v1',
  }),
  keyFile: optional({ group: 'Catchpoint', argument: 'path', parse: path, help: 'a file that holds the key' }),
  secret: optional({
    group: 'Catchpoint',
    short: 's',
    argument: 'secret',
    isSecret: true,
    parse: secret,
    help: 'the secret of Catchpoint\'s REST API v1',
  }),
  secretFile: optional({ group: 'Catchpoint', argument: 'path', parse: path, help: 'a file that holds the secret' }),
  apiKey: optional({
    group: 'Catchpoint',
    argument: 'key',
    isSecret: true,
    parse: secret,
    help: 'the key of Catchpoint\'s REST API v2',
  }),
  apiKeyFile: optional({ group: 'Catchpoint', argument: 'path', parse: path, help: 'a file that holds the key of v2' }),
  catchpointUrl: value({
    group: 'Catchpoint',
    argument: 'origin',
    default: 'https://io.catchpoint.com',
    parse: origin,
    help: 'where both REST APIs are; /ui/api and /api/v2 are appended',
  }),
  nodesFile: optional({
    group: 'Catchpoint',
    argument: 'path',
    parse: path,
    help: 'a file of nodes, with which no account is needed',
  }),
  refreshHours: value({
    group: 'Catchpoint',
    argument: 'hours',
    default: '24',
    parse: hours,
    help: 'how often the nodes are read anew; also 90m, 12h or 1d',
  }),

  metricPrefix: value({
    group: 'Metrics',
    argument: 'name',
    default: 'catchpoint',
    parse: metricPrefix,
    help: 'what stands before every metric\'s name',
  }),
  resolution: value({
    group: 'Metrics',
    argument: 'unit',
    default: 's',
    parse: choice(['s', 'ms']),
    help: 's or ms, the unit of every point\'s time; keep to one, mixing them breaks queries',
  }),
  rtt: value({
    group: 'Metrics',
    argument: 'rule',
    default: 'by-type',
    parse: choice(rttRules),
    help: 'by-type, a ping\'s and a traceroute\'s own round trip, or total, the total time for every type of test',
  }),
  slices: list({
    group: 'Metrics',
    argument: 'list',
    default: dimensions.join(','),
    separator: ',',
    parse: choice(dimensions),
    help: 'the slices that are written, separated by commas',
  }),
  timings: toggle({
    group: 'Metrics',
    default: 'false',
    help: 'also write every other timing, byte count and counter, ping loss and traceroute hops',
  }),

  stateDir: optional({
    group: 'State',
    argument: 'path',
    defaultWords: '$STATE_DIRECTORY, else /var/lib/catchpoint-opentsdb-bridge where that can be written, else $XDG_STATE_HOME or ~/.local/state',
    parse: path,
    help: 'the directory of everything that is kept',
  }),
  spoolMaxBytes: optional({
    group: 'State',
    argument: 'size',
    defaultWords: '4GiB or half of the free space, whichever is less',
    parse: bytes('1MiB'),
    help: 'how much may wait for OpenTSDB before pushes are refused',
  }),

  logLevel: value({
    group: 'Logging',
    argument: 'level',
    default: 'info',
    parse: choice(logLevels),
    help: logLevels.join(', '),
  }),
  logFormat: value({
    group: 'Logging',
    argument: 'format',
    default: 'auto',
    parse: choice(logFormats),
    help: 'text, json, or auto: text on a terminal, JSON otherwise',
  }),

  config: optional({
    group: 'Configuration',
    argument: 'path',
    isNotInFile: true,
    parse: path,
    help: 'a YAML or JSON file of settings, with the names of the long flags as keys',
  }),
} as const satisfies Record<string, Setting<unknown>>;

export type SettingKey = keyof typeof settings;

/** The values of all settings. */
export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof settings)[K]['read']> };

/** Every setting with its key, in the order of the table. */
export const settingEntries = Object.entries(settings) as readonly (readonly [SettingKey, Setting<unknown>])[];
