// Where a request comes from: the address of its connection, or what trusted proxies say in X-Forwarded-For.

import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { addNetwork, familyOf, isWithin, plainAddress } from './ip-networks.ts';

export interface SenderAddresses {
  /** The address of whoever sent it; empty when the connection is gone. */
  of(request: Pick<IncomingMessage, 'socket' | 'headers'>): string;
  isProxy(address: string): boolean;
}

/** @param proxies - networks whose X-Forwarded-For is believed */
export function senderAddresses(proxies: readonly string[]): SenderAddresses {
  const trusted = new BlockList();
  for (const each of proxies) addNetwork(trusted, each);
  const isProxy = (address: string): boolean => proxies.length > 0 && isWithin(trusted, address);
  return {
    isProxy,
    of({ socket, headers }) {
      const peer = plainAddress(socket.remoteAddress ?? '');
      const forwarded = headers['x-forwarded-for'];
      return forwarded === undefined || !isProxy(peer) ? peer : forwardedFor(peer, String(forwarded), isProxy);
    },
  };
}

/** Read from its end, where the nearest proxy has written: the first that is no trusted proxy itself. */
function forwardedFor(peer: string, forwarded: string, isProxy: (address: string) => boolean): string {
  let believed = peer;
  for (const entry of forwarded.split(',').toReversed()) {
    const address = withoutPort(entry.trim());
    if (familyOf(address) === undefined) return believed;
    believed = address;
    if (!isProxy(address)) return believed;
  }
  return believed;
}

/** Some proxies write `192.0.2.7:50312` or `[2001:db8::1]:50312`. */
function withoutPort(entry: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1];
  return plainAddress(bracketed ?? entry.replace(/^([\d.]+):\d+$/, '$1'));
}
