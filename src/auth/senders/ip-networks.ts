// Addresses and networks as text: 192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9 and the same of IPv6.

import { BlockList, isIP } from 'node:net';

/** An address in one spelling: an IPv4 one that came over IPv6 as IPv4, and without a zone. */
export function plainAddress(address: string): string {
  const text = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
  const zone = text.indexOf('%');
  return zone < 0 ? text : text.slice(0, zone);
}

/** What counts as one sender: an IPv4 address, or the /64 of an IPv6 one, which one machine has whole. */
export function senderOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}

/** @throws an Error when a part is none of the forms above */
export function addNetwork(list: BlockList, text: string): void {
  const [, from = '', sign, to = ''] = /^([^\s/-]+)(?:\s*([/-])\s*(\S+))?$/.exec(text) ?? [];
  const family = familyOf(from);
  if (family === undefined) throw wrong(text);
  if (sign === undefined) return list.addAddress(from, family);
  if (sign === '-') return familyOf(to) === family ? list.addRange(from, to, family) : raise(text);
  const bits = /^\d{1,3}$/.test(to) ? Number(to) : NaN;
  return bits <= (family === 'ipv4' ? 32 : 128) ? list.addSubnet(from, bits, family) : raise(text);
}

/** A network in the form in which it is set: its text, once it was understood. */
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

function wrong(text: string): Error {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return new Error(`expected an address or a network such as 192.0.2.7 or 192.0.2.0/24, found ${shown}`);
}

function raise(text: string): never {
  throw wrong(text);
}
