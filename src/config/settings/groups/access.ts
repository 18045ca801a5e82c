// The settings of access control.

import { networkText } from '../../../auth/senders/ip-networks.ts';
import { senderCheckModes } from '../../../auth/senders/sender-check.ts';
import { tokenText } from '../../../auth/tokens/token-syntax.ts';
import { inGroup, list, optional, value } from '../setting.ts';
import { bytes, choice, count, id, path } from '../values.ts';

export const accessSettings = inGroup('Who may push', {
  pushToken: list({
    argument: 'tokens',
    separator: ',',
    isSecret: true,
    parse: tokenText,
    help: 'a token without which nobody may push; several, separated by commas, are valid at once',
  }),
  pushTokenFile: list({
    argument: 'paths',
    separator: ',',
    parse: path,
    help: 'files of such tokens, one a line; read again when they change',
  }),
  rotationSecret: optional({
    argument: 'secret',
    isSecret: true,
    parse: tokenText,
    help: 'lets Catchpoint set the token: whoever presents this secret may, at POST /catchpoint/token',
  }),
  rotationSecretFile: optional({
    argument: 'path',
    isWatchedFile: true,
    parse: path,
    help: 'a file that holds that secret',
  }),
  checkSender: value({
    argument: 'way',
    default: 'off',
    parse: choice(senderCheckModes),
    help: 'whether a push must come from an address of its node: off, report (log and count) or enforce (403)',
  }),
  trustedProxies: list({
    argument: 'networks',
    separator: ',',
    parse: networkText,
    help: 'proxies before the push listener, whose X-Forwarded-For is believed: 192.0.2.7, 192.0.2.0/24',
  }),
  allowDivision: list({
    argument: 'ids',
    separator: ',',
    parse: id,
    help: 'takes pushes of these divisions alone',
  }),
  allowClient: list({
    argument: 'ids',
    separator: ',',
    parse: id,
    help: 'takes pushes of these clients alone',
  }),
  tlsCert: optional({
    argument: 'path',
    parse: path,
    help: 'a PEM file of the certificate and its chain: the push listener speaks TLS; read again when it changes',
  }),
  tlsKey: optional({ argument: 'path', parse: path, help: 'the PEM file of its key' }),
  tlsClientCa: optional({
    argument: 'path',
    parse: path,
    help: 'a PEM file of authorities; senders must have a certificate of one of them',
  }),
  maxConnections: value({
    argument: 'number',
    default: '2000',
    parse: count,
    help: 'connections at once; over it the one that has waited longest is cut',
  }),
  maxConnectionsPerAddress: value({
    argument: 'number',
    default: '256',
    parse: count,
    help: 'connections from one address at once, trusted proxies excepted; more are reset',
  }),
  maxRequests: value({
    argument: 'number',
    default: '1000',
    parse: count,
    help: 'requests in hand at once, more are answered 503; a quarter of them for one sender, more are answered 429',
  }),
  maxArrivingBytes: value({
    argument: 'size',
    default: '32MiB',
    parse: bytes('1MiB'),
    help: 'memory for bodies that are arriving; over it the oldest is given up with 503',
  }),
});
