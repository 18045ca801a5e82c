// The address of a Backstop from its URL, and the name of its sink.

import { type HttpAddress, httpAddress } from '../http-address.ts';

export interface PublishAddress {
  readonly address: HttpAddress;
  /** As in the URL, with the query. */
  readonly path: string;
}

/** @throws Error for a URL that cannot be used; the message omits its password */
export function publishAddress(url: string): PublishAddress {
  const address = httpAddress(url, 'Backstop', 'http://backstop.example:3000/publish/PREFIX');
  const { pathname, search } = new URL(url);
  return { address, path: `${pathname}${search}` };
}

/** Returns `backstop:host:port/path`, without user, password and query. */
export function backstopSinkName(url: string): string {
  const { hostname, port, prefix } = publishAddress(url).address;
  const name = `backstop:${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}${prefix}`;
  return name.replace(/[^A-Za-z0-9._:/%[\]~-]/g, '_');
}
