// The measures of who may push: who was refused, connections and requests in hand, tokens and certificate.

import type { AccessStatus } from '../../auth/access-control.ts';
import type { Snapshot } from '../snapshot.ts';
import { by, type Metric, picked, type Sample, seconds, single } from './metric.ts';

const seen =
  (read: (access: AccessStatus) => readonly Sample[]): ((snapshot: Snapshot) => readonly Sample[]) =>
  ({ access }) =>
    access === undefined ? [] : read(access);

const refusalMeasures: readonly Metric[] = [
  {
    name: 'access_refused_total',
    type: 'counter',
    labels: ['reason'],
    alarm: undefined,
    help:
      'Requests that were refused before they were pushes. 401: token. 403: division, client. 429: requests_of_sender. 503: token_awaited (Catchpoint has ' +
      'set none yet), requests (too many in hand), body_memory (given up to make room)',
    read: seen(({ door, senders, requests, bodies }) =>
      by('reason', {
        token: door.unauthenticated,
        token_awaited: door.awaiting,
        division: senders.division,
        client: senders.client,
        requests: requests.overAll,
        requests_of_sender: requests.overSender,
        body_memory: bodies.givenUp,
      }),
    ),
  },
  {
    name: 'access_senders_total',
    type: 'counter',
    labels: ['found'],
    alarm: undefined,
    help:
      "Pushes by where they came from: fitting (an address of the node's), strange (none of them; refused with 403 only by --check-sender enforce) or unknown " +
      '(the node, or its addresses); none without --check-sender',
    read: seen(({ senders }) =>
      by('found', picked(senders, { fitting: 'fitting', strange: 'strange', unknown: 'unknown' })),
    ),
  },
  {
    name: 'access_connections_refused_total',
    type: 'counter',
    labels: ['reason'],
    alarm: undefined,
    help:
      'Connections that were ended: over_address and over_all (reset), cut (waited longest when there were too many), handshake (no TLS came about), ' +
      'headers_too_large (431), timed_out (408), not_http (400)',
    read: seen(({ connections }) => by('reason', picked(connections, endedConnections))),
  },
];

const endedConnections = {
  ...({ over_address: 'overAddress', over_all: 'overAll', cut: 'cut', handshake: 'handshakes' } as const),
  ...({ headers_too_large: 'headersTooLarge', timed_out: 'timedOut', not_http: 'notHttp' } as const),
};

const presentMeasures: readonly Metric[] = [
  {
    name: 'access_open',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: '1 while whoever reaches the push listener may push, without token or certificate',
    read: seen(({ isOpen }) => single(Number(isOpen))),
  },
  {
    name: 'access_connections',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Open connections to the push listener',
    read: seen(({ connections }) => single(connections.open)),
  },
  {
    name: 'access_requests_in_hand',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Requests there that have no answer yet',
    read: seen(({ requests }) => single(requests.inHand)),
  },
  {
    name: 'access_arriving_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Memory that bodies take which are arriving there',
    read: seen(({ bodies }) => single(bodies.heldBytes)),
  },
];

const credentialMeasures: readonly Metric[] = [
  {
    name: 'access_tokens',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Push tokens that are valid, those that Catchpoint set not counted',
    read: seen(({ tokens }) => single(tokens)),
  },
  {
    name: 'access_token_files_reads_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: undefined,
    help: "Readings of the push tokens' files anew: succeeded, or failed, and then those that were known stay valid",
    read: seen(({ tokenFiles }) => by('outcome', { succeeded: tokenFiles.reloads, failed: tokenFiles.failures })),
  },
  {
    name: 'access_rotations_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: undefined,
    help: 'Requests to set the rotating token: set, unauthenticated, limited (too many of one address) or failed (no token in it, or it cannot be written down); only with --rotation-secret',
    read: seen(({ rotation }) =>
      rotation === undefined
        ? []
        : by(
            'outcome',
            picked(rotation, {
              set: 'rotations',
              unauthenticated: 'unauthenticated',
              limited: 'limited',
              failed: 'failed',
            }),
          ),
    ),
  },
  {
    name: 'access_token_rotated_timestamp_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'When Catchpoint set the current token; absent before the first time',
    read: seen(({ rotation }) => single(seconds(rotation?.rotatedAtMs))),
  },
  {
    name: 'tls_certificate_not_after_timestamp_seconds',
    type: 'gauge',
    labels: [],
    alarm: 'risk',
    help: "Until when the push listener's certificate is valid; senders that look do not push later; only with --tls-cert",
    read: seen(({ tls }) => single(seconds(tls?.notAfterMs))),
  },
  {
    name: 'tls_certificate_reads_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: undefined,
    help: 'Readings of the certificate anew: succeeded, or failed, and then the last one stays; only with --tls-cert',
    read: seen(({ tls }) => (tls === undefined ? [] : by('outcome', { succeeded: tls.reloads, failed: tls.failures }))),
  },
];

export const accessMetrics: readonly Metric[] = [...refusalMeasures, ...presentMeasures, ...credentialMeasures];
