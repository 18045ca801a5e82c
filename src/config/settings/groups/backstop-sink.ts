// The settings of the Backstop sinks.

import { publishUrl, withoutPassword } from '../addresses.ts';
import { inGroup, list, optional, toggle, value } from '../setting.ts';
import { choice, path } from '../values.ts';

export const backstopSinkSettings = inGroup('Backstop sink', {
  backstopSink: list({
    argument: 'urls',
    separator: ',',
    parse: publishUrl,
    redact: withoutPassword,
    help: 'http(s)://user:password@host:port/publish/PREFIX of a Backstop or of another bridge, to which every point is posted; several are separated by commas',
  }),
  backstopSinkNames: value({
    argument: 'form',
    default: 'dotted',
    parse: choice(['dotted', 'tags']),
    help: 'dotted, metric.tag.value, which Backstop passes on to Carbon, or tags, which a bridge with --backstop-naming tags reads',
  }),
  backstopSinkCa: optional({
    argument: 'path',
    parse: path,
    help: 'a PEM file of the certificate authorities to trust for https',
  }),
  backstopSinkRequired: toggle({
    default: 'false',
    help: 'let everything wait for every Backstop, and refuse pushes when too much does; as it is when points go neither to OpenTSDB nor to a file',
  }),
});
