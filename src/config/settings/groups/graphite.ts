// The settings of the Graphite sinks.

import { carbonAddress } from '../addresses.ts';
import { inGroup, list, optional, toggle, value } from '../setting.ts';
import { choice, expected, path } from '../values.ts';

export const graphiteSettings = inGroup('Graphite', {
  graphite: list({
    argument: 'hosts',
    alsoFrom: [{ variable: 'CARBON_URLS' }],
    separator: ',',
    parse: carbonAddress,
    help: "host, host:port, [v6]:port or host:port:instance of Carbon's plaintext listener, 2003 without a port; several are separated by commas",
  }),
  graphiteRouting: value({
    argument: 'routing',
    default: 'all',
    parse: choice(['all', 'hash']),
    help: "all: every Carbon gets every point; hash: each series has one Carbon, that which carbon-relay's consistent-hashing chooses",
  }),
  graphiteNames: value({
    argument: 'form',
    default: 'tagged',
    parse: choice(['tagged', 'dotted']),
    help: 'tagged, metric;tag=value, which Graphite has since 1.1, or dotted, metric.tag.value',
  }),
  graphiteTemplate: optional({
    argument: 'template',
    defaultText: '{metric}.{tags}; tagged: {metric}',
    parse: (text) => text,
    help: "a name's nodes: text, {metric}, {tags} (each as name.value), {values} (without their names), {tag:NAME} (the value of one)",
  }),
  graphiteOmitTags: list({
    argument: 'tags',
    separator: ',',
    parse: tagName,
    help: 'tags that are left out of the names; two series that differ in nothing else become one',
  }),
  graphiteTls: toggle({
    default: 'false',
    help: 'speak TLS to every Carbon, or to the proxy before it',
  }),
  graphiteCa: optional({
    argument: 'path',
    parse: path,
    help: 'a PEM file of the certificate authorities to trust for --graphite-tls',
  }),
  graphiteRequired: toggle({
    default: 'false',
    help: 'let everything wait for every Carbon, and refuse pushes when too much does; as it is when Graphite is the only sink',
  }),
});

function tagName(text: string): string {
  if (!/^[A-Za-z0-9._/-]+$/.test(text)) throw expected('the name of a tag', text);
  return text;
}
