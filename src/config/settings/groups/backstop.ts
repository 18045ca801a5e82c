// The settings of the Backstop source. Backstop's own environment variables also set some of them.

import { listenAddress } from '../addresses.ts';
import { inGroup, list, optional, toggle, value } from '../setting.ts';
import { choice, path, prefix, secret, userAndPassword } from '../values.ts';

export const backstopSettings = inGroup('Backstop', {
  backstop: toggle({
    default: 'false',
    alsoFrom: [
      { variable: 'CARBON_URLS', text: 'true' },
      { variable: 'PREFIXES', text: 'true' },
    ],
    help: "also take what Backstop took: collectd's values, GitHub's and PagerDuty's webhooks, published metrics",
  }),
  backstopListen: value({
    argument: 'address',
    default: '3000',
    alsoFrom: [{ variable: 'PORT' }],
    parse: listenAddress(''),
    help: '[host:]port on which these arrive; a port alone: on all interfaces',
  }),
  backstopNaming: value({
    argument: 'naming',
    default: 'legacy',
    parse: choice(['legacy', 'tags']),
    help: "legacy, Backstop's own dotted paths, or tags, OpenTSDB's form",
  }),
  backstopAuth: list({
    argument: 'pairs',
    separator: ',',
    isSecret: true,
    alsoFrom: [{ variable: 'BACKSTOP_AUTH' }],
    parse: userAndPassword,
    help: 'user:password, one of which is asked for everywhere but at /health; several, separated by commas',
  }),
  backstopPrefixes: list({
    argument: 'names',
    separator: ',',
    alsoFrom: [{ variable: 'PREFIXES' }],
    parse: prefix,
    help: 'the names below /publish/ under which metrics may be published; several, separated by commas',
  }),
  backstopKey: optional({
    argument: 'key',
    isSecret: true,
    alsoFrom: [{ variable: 'API_KEY' }],
    parse: prefix,
    help: 'stands before every name, with a dot: the key of a hosted Graphite',
  }),
  githubSecret: list({
    argument: 'secret',
    separator: '\n',
    isSecret: true,
    parse: secret,
    help: "the secret of GitHub's webhook, whose signature is asked for then; can be repeated, in the environment one a line",
  }),
  pagerdutySecret: list({
    argument: 'secret',
    separator: '\n',
    isSecret: true,
    parse: secret,
    help: "the secret of PagerDuty's webhook, whose signature is asked for then; can be repeated, in the environment one a line",
  }),
  collectdTypes: optional({
    argument: 'path',
    parse: path,
    help: "a types.db of your own, whose types collectd's Command format does not explain; those of collectd 5.12 are known",
  }),
});
