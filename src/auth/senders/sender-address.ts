// The address of a request's sender: the peer of its connection or, behind trusted proxies, from X-Forwarded-For.

import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { addNetwork, familyOf, isWithin, plainAddress } from './ip-networks.ts';

export interface SenderAddresses {
  /** Empty when the connection has closed. */
  readonly addressOf: (request: Pick<IncomingMessage, 'socket' | 'headers'>) => string;
  readonly isProxy: (address: string) => boolean;
}

/** @param proxies - networks whose X-Forwarded-For is trusted */
export function senderAddresses(proxies: readonly string[]): SenderAddresses {
  const trusted = new BlockList();
  for (const each of proxies) addNetwork(trusted, each);
  const isProxy = (address: string): boolean => proxies.length > 0 && isWithin(trusted, address);
  return {
    isProxy,
    addressOf({ socket, headers }) {
      const peer = plainAddress(socket.remoteAddress ?? '');
      const forwarded = headers['x-forwarded-for'];
      return forwarded === undefined || !isProxy(peer) ? peer : forwardedFor(peer, String(forwarded), isProxy);
    },
  };
}

/**
 * The last address that is no trusted proxy. Each proxy appends its peer; earlier entries can be forged.
 * An entry that is no address ends the search.
 */
function forwardedFor(peer: string, forwarded: string, isProxy: (address: string) => boolean): string {
  let sender = peer;
  for (const entry of forwarded.split(',').toReversed()) {
    const address = withoutPort(entry.trim());
    if (familyOf(address) === undefined) return sender;
    sender = address;
    if (!isProxy(address)) return sender;
  }
  return sender;
}

/** Some proxies write `192.0.2.7:50312` or `[2001:db8::1]:50312`. */
function withoutPort(entry: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1];
  return plainAddress(bracketed ?? entry.replace(/^([\d.]+):\d+$/, '$1'));
}
