// Addresses and networks as text: 192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, and the same for IPv6.

import { BlockList, isIP } from 'node:net';

/** Strips the zone and unwraps IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2). */
export function plainAddress(address: string): string {
  const text = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
  const zone = text.indexOf('%');
  return zone < 0 ? text : text.slice(0, zone);
}

/** The key for limits per sender: the IPv4 address, or the /64 of an IPv6 address, which one host may have whole. */
export function senderOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}

/** @throws an Error when the text is in none of the forms above */
export function addNetwork(list: BlockList, text: string): void {
  const [, from = '', separator, to = ''] = /^([^\s/-]+)(?:\s*([/-])\s*(\S+))?$/.exec(text) ?? [];
  const family = familyOf(from);
  if (family === undefined) throw malformedNetwork(text);
  if (separator === undefined) return list.addAddress(from, family);
  if (separator === '-') {
    if (familyOf(to) !== family) throw malformedNetwork(text);
    return list.addRange(from, to, family);
  }
  const bits = /^\d{1,3}$/.test(to) ? Number(to) : Infinity;
  if (bits > (family === 'ipv4' ? 32 : 128)) throw malformedNetwork(text);
  list.addSubnet(from, bits, family);
}

/** Validates a network and returns it unchanged. */
export function networkText(text: string): string {
  addNetwork(new BlockList(), text);
  return text;
}

export function isWithin(list: BlockList, address: string): boolean {
  const family = familyOf(address);
  return family !== undefined && list.check(address, family);
}

export function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}

function malformedNetwork(text: string): Error {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return new Error(`expected an address or a network such as 192.0.2.7 or 192.0.2.0/24, found ${shown}`);
}
