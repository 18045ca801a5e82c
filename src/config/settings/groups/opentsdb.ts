// The settings of the OpenTSDB sink.

import { header, port, tsdbAddress, withoutPassword, withoutValue } from '../addresses.ts';
import { inGroup, list, optional, toggle, value } from '../setting.ts';
import { bytes, choice, path } from '../values.ts';

export const openTsdbSettings = inGroup('OpenTSDB', {
  tsdbHost: list({
    short: 't',
    argument: 'hosts',
    default: 'localhost',
    separator: ',',
    parse: tsdbAddress,
    redact: withoutPassword,
    help: 'host, host:port, [v6]:port or http(s)://user:password@host:port/prefix; several, separated by commas, are tried in turn',
  }),
  tsdbPort: value({
    short: 'p',
    argument: 'port',
    default: '4242',
    parse: port,
    help: 'the port of hosts that are given without one; a URL has its own',
  }),
  put: value({
    argument: 'way',
    default: 'http',
    parse: choice(['http', 'telnet']),
    help: 'http, which tells the fate of each point, or telnet, which confirms nothing',
  }),
  putMaxBytes: value({
    argument: 'size',
    default: '8192',
    parse: bytes('512'),
    help: 'the largest compressed request; an OpenTSDB with default settings refuses more than 8192',
  }),
  assignUids: toggle({
    default: 'true',
    help: 'do not assign an id to a metric or tag that OpenTSDB does not know yet; its points become dead letters',
  }),
  tsdbHeader: list({
    argument: 'header',
    separator: '\n',
    parse: header,
    redact: withoutValue,
    help: "'Name: value', sent with every request; can be repeated, in the environment one a line",
  }),
  tsdbCa: optional({
    argument: 'path',
    isWatchedFile: true,
    parse: path,
    help: 'a PEM file of the certificate authorities to trust for https',
  }),
  opentsdb: toggle({ default: 'true', help: 'do not write to OpenTSDB, but to Graphite alone' }),
});
