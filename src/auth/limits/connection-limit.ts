// Limits the connections of a listener, in total and per address, and answers clients that send no request.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { onTlsSocket } from '../../http/tls-sockets.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import { plainAddress, senderOf } from '../senders/ip-networks.ts';
import { answerUnparsed } from '../unparsed-requests.ts';
import { senderCounts } from './sender-counts.ts';

export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxPerAddress: number;
  /** Proxies have no limit per address. */
  readonly isProxy: (address: string) => boolean;
}

/** `access.connections` of /healthz. */
export interface ConnectionCounts {
  open: number;
  /** Reset: its address has `maxPerAddress` connections. */
  overAddress: number;
  /** Closed in favour of a new connection, at `maxConnections`. */
  cut: number;
  /** Reset at `maxConnections`, because no other connection could be closed. */
  overAll: number;
  /** Failed TLS handshakes. */
  handshakes: number;
  /** Answered 431, 408 and 400. */
  headersTooLarge: number;
  timedOut: number;
  notHttp: number;
}

interface Connection {
  readonly socket: Socket;
  readonly sender: string;
  request?: IncomingMessage;
  response?: ServerResponse;
}

export function connectionCounts(): ConnectionCounts {
  return { open: 0, overAddress: 0, cut: 0, overAll: 0, handshakes: 0, headersTooLarge: 0, timedOut: 0, notHttp: 0 };
}

/**
 * To be called before the server listens.
 *
 * @param limits - read with every connection
 */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  counts: ConnectionCounts,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): void {
  const connections = openConnections(limits, counts);
  const refusals = logThrottle(clock);
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '');
    const refusal = connections.add(socket, address);
    if (refusal === undefined) return;
    socket.resetAndDestroy();
    refusals((times) => log.warn({ times, from: address }, refusal));
  });
  onTlsSocket(server, connections.secured);
  server.on('request', connections.requested);
  // Without a listener Node answers 100 itself. A refused request must not send its body.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const connection = connections.of(socket);
    if (connection === undefined) counts.handshakes += 1;
    else counts[answerUnparsed(error, socket, connection.response)] += 1;
    socket.destroy();
  });
}

function openConnections(limits: ConnectionLimits, counts: ConnectionCounts) {
  /** Ordered by their last request or, without one, by their start, the oldest first. */
  const open = new Set<Connection>();
  const bySender = senderCounts();
  const bySocket = new WeakMap<Socket, Connection>();

  function closed(connection: Connection): void {
    open.delete(connection);
    counts.open = open.size;
    bySender.remove(connection.sender);
  }
  return {
    /** Returns the log message of a refused connection, undefined for one that was added. */
    add(socket: Socket, address: string): string | undefined {
      const { maxConnections, maxPerAddress, isProxy } = limits;
      const sender = senderOf(address);
      if (bySender.of(sender) >= maxPerAddress && !isProxy(address)) {
        counts.overAddress += 1;
        return `an address has more than ${maxPerAddress} connections, those over it are reset; a proxy belongs into --trusted-proxies`;
      }
      if (open.size >= maxConnections && closeOldestIdle(open)) counts.cut += 1;
      if (open.size >= maxConnections) {
        counts.overAll += 1;
        return `more than ${maxConnections} connections, all of them at work; those over it are reset`;
      }
      const connection: Connection = { socket, sender };
      open.add(connection);
      bySender.add(sender);
      bySocket.set(socket, connection);
      counts.open = open.size;
      socket.once('close', () => closed(connection));
      return undefined;
    },
    /** Called once the handshake is done: requests name the TLS socket. */
    secured(rawSocket: Socket, tlsSocket: Socket): void {
      const connection = bySocket.get(rawSocket);
      if (connection !== undefined) bySocket.set(tlsSocket, connection);
    },
    requested(request: IncomingMessage, response: ServerResponse): void {
      const connection = bySocket.get(request.socket);
      if (connection === undefined) return;
      connection.request = request;
      connection.response = response;
      open.delete(connection);
      open.add(connection);
    },
    of: (socket: Socket) => bySocket.get(socket),
  };
}

/** A connection is idle unless its request is read whole and unanswered. */
function closeOldestIdle(connections: Set<Connection>): boolean {
  for (const connection of connections) {
    const { socket, request, response } = connection;
    if (request?.complete === true && response?.writableEnded === false) continue;
    connections.delete(connection);
    socket.destroy();
    return true;
  }
  return false;
}
