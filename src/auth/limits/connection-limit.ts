// Bounds the connections of a listener, in all and from one address, and answers what is no request.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import { plainAddress, senderOf } from '../senders/ip-networks.ts';
import { senderCounts } from './sender-counts.ts';
import { answerUnparsed } from '../unparsed-requests.ts';

/** Looked at with every connection. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxPerAddress: number;
  /** Addresses that may have as many as they like. */
  readonly isProxy: (address: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ConnectionCounts {
  open: number;
  /** Reset: the address has as many as it may. */
  overAddress: number;
  /** Over the bound of all: one was cut that had no whole request under way. */
  cut: number;
  /** Over the bound of all, and none could be cut. */
  overAll: number;
  /** No TLS came about. */
  handshakes: number;
  /** Answered 431, 408 and 400 before there was a request. */
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

/** To be called before the server listens. */
export function limitConnections(server: Server, bounds: ConnectionLimits, counts: ConnectionCounts): void {
  const open = openConnections(bounds, counts, server instanceof TlsServer);
  const refusals = logThrottle(bounds.clock);
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '');
    const refused = open.add(socket, address);
    if (refused === undefined) return;
    socket.resetAndDestroy();
    refusals((times) => bounds.log.warn({ times, from: address }, refused));
  });
  server.on('secureConnection', (socket: Socket) => open.secured(socket));
  server.on('request', (request: IncomingMessage, response: ServerResponse) => open.asked(request, response));
  // Who is refused needs no 100 first; it is written when the request has been let in.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const connection = open.of(socket);
    if (connection === undefined) counts.handshakes += 1;
    else counts[answerUnparsed(error, socket, connection.response)] += 1;
    socket.destroy();
  });
}

interface OpenConnections {
  /** Undefined when it may stay, else why not. */
  add(socket: Socket, address: string): string | undefined;
  secured(socket: Socket): void;
  asked(request: IncomingMessage, response: ServerResponse): void;
  of(socket: Socket): Connection | undefined;
}

function openConnections(bounds: ConnectionLimits, counts: ConnectionCounts, isTls: boolean): OpenConnections {
  /** Those that asked longest ago come first. */
  const all = new Set<Connection>();
  const bySender = senderCounts();
  const bySocket = new WeakMap<Socket, Connection>();
  /** Until TLS is there; it comes with a socket of its own. */
  const byPeer = new Map<string, Connection>();

  function remove(connection: Connection, peer: string | undefined): void {
    all.delete(connection);
    counts.open = all.size;
    if (peer !== undefined && byPeer.get(peer) === connection) byPeer.delete(peer);
    bySender.remove(connection.sender);
  }
  return {
    add(socket, address) {
      const { maxConnections, maxPerAddress, isProxy } = bounds;
      const sender = senderOf(address);
      if (bySender.of(sender) >= maxPerAddress && !isProxy(address)) {
        counts.overAddress += 1;
        return `an address has more than ${maxPerAddress} connections, those over it are reset; a proxy belongs into --trusted-proxies`;
      }
      const isCut = all.size >= maxConnections && cutFirstIdle(all);
      counts.cut += Number(isCut);
      if (all.size >= maxConnections) {
        counts.overAll += 1;
        return `more than ${maxConnections} connections, all of them at work; those over it are reset`;
      }
      const connection: Connection = { socket, sender };
      const peer = isTls ? peerOf(socket) : undefined;
      all.add(connection);
      bySender.add(sender);
      bySocket.set(socket, connection);
      if (peer !== undefined) byPeer.set(peer, connection);
      counts.open = all.size;
      socket.once('close', () => remove(connection, peer));
      return undefined;
    },
    secured(socket) {
      const connection = byPeer.get(peerOf(socket));
      if (connection !== undefined) bySocket.set(socket, connection);
    },
    asked(request, response) {
      const connection = bySocket.get(request.socket);
      if (connection === undefined) return;
      connection.request = request;
      connection.response = response;
      all.delete(connection);
      all.add(connection);
    },
    of: (socket) => bySocket.get(socket),
  };
}

function cutFirstIdle(connections: Set<Connection>): boolean {
  for (const connection of connections) {
    if (isAnswering(connection)) continue;
    connections.delete(connection);
    connection.socket.destroy();
    return true;
  }
  return false;
}

/** Whether its request has arrived whole and has not been answered. */
function isAnswering({ request, response }: Connection): boolean {
  return request?.complete === true && response?.writableEnded === false;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
