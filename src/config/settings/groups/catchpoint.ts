// The settings of Catchpoint's REST APIs and of the node directory.

import { origin } from '../addresses.ts';
import { inGroup, optional, toggle, value } from '../setting.ts';
import { hours, path, secret } from '../values.ts';

export const catchpointSettings = inGroup('Catchpoint', {
  catchpoint: toggle({
    default: 'true',
    help: "do not take Catchpoint's pushes; no credentials are needed then",
  }),
  key: optional({
    short: 'k',
    argument: 'key',
    isSecret: true,
    parse: secret,
    help: "the key of Catchpoint's REST API v1",
  }),
  keyFile: optional({
    argument: 'path',
    isWatchedFile: true,
    parse: path,
    help: 'a file that holds the key',
  }),
  secret: optional({
    short: 's',
    argument: 'secret',
    isSecret: true,
    parse: secret,
    help: "the secret of Catchpoint's REST API v1",
  }),
  secretFile: optional({
    argument: 'path',
    isWatchedFile: true,
    parse: path,
    help: 'a file that holds the secret',
  }),
  apiKey: optional({
    argument: 'key',
    isSecret: true,
    parse: secret,
    help: "the key of Catchpoint's REST API v2",
  }),
  apiKeyFile: optional({
    argument: 'path',
    isWatchedFile: true,
    parse: path,
    help: 'a file that holds the key of v2',
  }),
  catchpointUrl: value({
    argument: 'origin',
    default: 'https://io.catchpoint.com',
    parse: origin,
    help: 'where both REST APIs are; /ui/api and /api/v2 are appended',
  }),
  nodesFile: optional({
    argument: 'path',
    isWatchedFile: true,
    parse: path,
    help: 'a file of nodes, with which no account is needed',
  }),
  nodeOverrides: optional({
    argument: 'path',
    isWatchedFile: true,
    parse: path,
    help: 'a YAML or JSON file with the city, country, region, continent, isp or asn of nodes, in place of what Catchpoint says; read again when it changes',
  }),
  refreshHours: value({
    argument: 'hours',
    default: '24',
    parse: hours,
    help: 'how often the nodes are read anew; also 90m, 12h or 1d',
  }),
});
