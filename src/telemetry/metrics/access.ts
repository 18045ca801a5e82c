// The metrics of access control: refusals, connections, requests in flight, tokens and the certificate.

import type { AccessStatus } from '../../auth/access-control.ts';
import { type Metric, samplesBy, toSeconds } from './metric.ts';

function readsOf(files: AccessStatus['tokenFiles'] | undefined) {
  return files && { succeeded: files.reloads, failed: files.failures };
}

const refusalMetrics: readonly Metric[] = [
  {
    name: 'access_refused_total',
    type: 'counter',
    labels: ['reason'],
    help:
      'Requests that were refused before they were pushes. 401: token. 403: division, client. 429: requests_of_sender. 503: token_awaited (Catchpoint has ' +
      'set none yet), requests (too many in hand), body_memory (given up to make room)',
    read: ({ access }) =>
      samplesBy(
        'reason',
        access && {
          token: access.door.unauthenticated,
          token_awaited: access.door.awaiting,
          division: access.senders.division,
          client: access.senders.client,
          requests: access.requests.overAll,
          requests_of_sender: access.requests.overSender,
          body_memory: access.bodies.givenUp,
        },
      ),
  },
  {
    name: 'access_senders_total',
    type: 'counter',
    labels: ['found'],
    help:
      "Pushes by where they came from: fitting (an address of the node's), strange (none of them; refused with 403 only by --check-sender enforce) or unknown " +
      '(the node, or its addresses); none without --check-sender',
    read: ({ access }) =>
      samplesBy(
        'found',
        access && {
          fitting: access.senders.fitting,
          strange: access.senders.strange,
          unknown: access.senders.unknown,
        },
      ),
  },
  {
    name: 'access_connections_refused_total',
    type: 'counter',
    labels: ['reason'],
    help:
      'Connections that were ended: over_address and over_all (reset), cut (waited longest when there were too many), handshake (no TLS came about), ' +
      'headers_too_large (431), timed_out (408), not_http (400)',
    read: ({ access }) =>
      samplesBy(
        'reason',
        access && {
          over_address: access.connections.overAddress,
          over_all: access.connections.overAll,
          cut: access.connections.cut,
          handshake: access.connections.handshakes,
          headers_too_large: access.connections.headersTooLarge,
          timed_out: access.connections.timedOut,
          not_http: access.connections.notHttp,
        },
      ),
  },
];

const loadMetrics: readonly Metric[] = [
  {
    name: 'access_open',
    type: 'gauge',
    help: '1 while whoever reaches the push listener may push, without token or certificate',
    read: ({ access }) => access && Number(access.isOpen),
  },
  {
    name: 'access_connections',
    type: 'gauge',
    help: 'Open connections to the push listener',
    read: ({ access }) => access?.connections.open,
  },
  {
    name: 'access_requests_in_hand',
    type: 'gauge',
    help: 'Requests there that have no answer yet',
    read: ({ access }) => access?.requests.inHand,
  },
  {
    name: 'access_arriving_bytes',
    type: 'gauge',
    help: 'Memory that bodies take which are arriving there',
    read: ({ access }) => access?.bodies.heldBytes,
  },
];

const credentialMetrics: readonly Metric[] = [
  {
    name: 'access_tokens',
    type: 'gauge',
    help: 'Push tokens that are valid, those that Catchpoint set not counted',
    read: ({ access }) => access?.tokens,
  },
  {
    name: 'access_token_files_reads_total',
    type: 'counter',
    labels: ['outcome'],
    help: "Readings of the push tokens' files anew: succeeded, or failed, and then those that were known stay valid",
    read: ({ access }) => samplesBy('outcome', readsOf(access?.tokenFiles)),
  },
  {
    name: 'access_rotations_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Requests to set the rotating token: set, unauthenticated, limited (too many of one address) or failed (no token in it, or it cannot be written down); only with --rotation-secret',
    read: ({ access: { rotation } = {} }) =>
      samplesBy(
        'outcome',
        rotation && {
          set: rotation.rotations,
          unauthenticated: rotation.unauthenticated,
          limited: rotation.limited,
          failed: rotation.failed,
        },
      ),
  },
  {
    name: 'access_token_rotated_timestamp_seconds',
    type: 'gauge',
    help: 'When Catchpoint set the current token; absent before the first time',
    read: ({ access }) => toSeconds(access?.rotation?.rotatedAtMs),
  },
  {
    name: 'tls_certificate_not_after_timestamp_seconds',
    type: 'gauge',
    alarm: 'risk',
    help: "Until when the push listener's certificate is valid; senders that look do not push later; only with --tls-cert",
    read: ({ access }) => toSeconds(access?.tls?.notAfterMs),
  },
  {
    name: 'tls_certificate_reads_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Readings of the certificate anew: succeeded, or failed, and then the last one stays; only with --tls-cert',
    read: ({ access }) => samplesBy('outcome', readsOf(access?.tls)),
  },
];

export const accessMetrics: readonly Metric[] = [...refusalMetrics, ...loadMetrics, ...credentialMetrics];
