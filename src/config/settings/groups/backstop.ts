// The settings of the Backstop source; those that Backstop itself took from the environment are understood under their old names.

import { listenAddress } from '../addresses.ts';
import { list, optional, type Setting, toggle, value } from '../kinds.ts';
import { choice, path, prefix, secret, userAndPassword } from '../values.ts';

export const backstopSettings = {
  backstop: toggle({
    group: 'Backstop',
    default: 'false',
    alsoFrom: [
      { variable: 'CARBON_URLS', text: 'true' },
      { variable: 'PREFIXES', text: 'true' },
    ],
    help: "also take what Backstop took: collectd's values, GitHub's and PagerDuty's webhooks, published metrics",
  }),
  backstopListen: value({
    group: 'Backstop',
    argument: 'address',
    default: '3000',
    alsoFrom: [{ variable: 'PORT' }],
    parse: listenAddress(''),
    help: '[host:]port on which these arrive; a port alone: on all interfaces',
  }),
  backstopNaming: value({
    group: 'Backstop',
    argument: 'naming',
    default: 'legacy',
    parse: choice(['legacy', 'tags']),
    help: "legacy, Backstop's own dotted paths, or tags, OpenTSDB's form",
  }),
  backstopAuth: list({
    group: 'Backstop',
    argument: 'pairs',
    separator: ',',
    isSecret: true,
    alsoFrom: [{ variable: 'BACKSTOP_AUTH' }],
    parse: userAndPassword,
    help: 'user:password, one of which is asked for everywhere but at /health; several, separated by commas',
  }),
  backstopPrefixes: list({
    group: 'Backstop',
    argument: 'names',
    separator: ',',
    alsoFrom: [{ variable: 'PREFIXES' }],
    parse: prefix,
    help: 'the names below /publish/ under which metrics may be published; several, separated by commas',
  }),
  backstopKey: optional({
    group: 'Backstop',
    argument: 'key',
    isSecret: true,
    alsoFrom: [{ variable: 'API_KEY' }],
    parse: prefix,
    help: 'stands before every name, with a dot: the key of a hosted Graphite',
  }),
  githubSecret: list({
    group: 'Backstop',
    argument: 'secret',
    separator: '\n',
    isSecret: true,
    parse: secret,
    help: "the secret of GitHub's webhook, whose signature is asked for then; can be repeated, in the environment one a line",
  }),
  pagerdutySecret: list({
    group: 'Backstop',
    argument: 'secret',
    separator: '\n',
    isSecret: true,
    parse: secret,
    help: "the secret of PagerDuty's webhook, whose signature is asked for then; can be repeated, in the environment one a line",
  }),
  collectdTypes: optional({
    group: 'Backstop',
    argument: 'path',
    parse: path,
    help: "a types.db of your own, whose types collectd's Command format does not explain; those of collectd 5.12 are known",
  }),
} as const satisfies Record<string, Setting<unknown>>;
