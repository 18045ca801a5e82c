// Parsers of addresses, URLs and HTTP headers in settings.

import { createRequire } from 'node:module';
import { isIPv6 } from 'node:net';
import type * as EngineAddresses from '../../sources/docker/engine/address.ts';
import { expected, type Parse, wholeNumber } from './values.ts';

/** Loads what few bridges need on demand. */
const require = createRequire(import.meta.url);

/** Port 0 is any free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A complete URL, or a host that takes the port of --tsdb-port. */
type TsdbAddress = { readonly url: string } | { readonly host: string };

/**
 * [host:]port to listen on. `*` is all interfaces.
 *
 * @param defaultHost - the host for a port alone; empty for all interfaces
 */
export function listenAddress(defaultHost: string): Parse<ListenAddress> {
  const parse = (text: string): ListenAddress => {
    const [, v6, name = '', digits] = /^(?:(?:\[([^\]]*)\]|([^\s:[\]/]*)):)?(\d{1,5})$/.exec(text) ?? [];
    const port = Number(digits);
    if (!(port <= 65_535) || (v6 !== undefined && !isIPv6(v6)))
      throw expected('[host:]port, the port from 0 to 65535', text);
    const host = v6 ?? name;
    return { host: host === '*' ? '' : host === '' ? defaultHost : host, port };
  };
  return Object.assign(parse, {
    form: { type: ['integer', 'string'], minimum: 0, maximum: 65_535, pattern: '^(.*:)?\\d{1,5}$' },
  });
}

/** A port to connect to. */
export const port = wholeNumber(1, 65_535, 'a port', 5);

/** `host`, `host:port`, `[v6]:port` or `http(s)://user:password@host:port/prefix`. */
export function tsdbAddress(text: string): TsdbAddress {
  const wrong = expected(
    'host, host:port, [v6]:port or http(s)://user:password@host:port/prefix',
    withoutPassword(text),
  );
  if (/^https?:\/\//i.test(text)) return { url: tsdbUrl(text, wrong) };
  const host = isIPv6(text) ? `[${text}]` : text;
  const [, name, digits] = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]?#%\\]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
  if (name === undefined || /^\d+$/.test(name) || !URL.canParse(`http://${host}`)) throw wrong;
  if (digits !== undefined && Number(digits) === 0) throw wrong;
  return digits === undefined ? { host: name } : { url: `http://${name}:${Number(digits)}` };
}
tsdbAddress.form = { type: 'string', pattern: '\\S' };

/** A destination as in DESTINATIONS of carbon-relay. The instance is used only for hashing. */
export interface CarbonAddress {
  readonly host: string;
  readonly port: number;
  readonly instance: string | undefined;
}

/** `host[:port[:instance]]`; an IPv6 host is in brackets. The schemes of Backstop's CARBON_URLS are ignored. */
export function carbonAddress(text: string): CarbonAddress {
  const wrong = expected('host, host:port, [v6]:port or host:port:instance', text);
  const address = text.replace(/^(carbon|tcp):\/\//i, '');
  const [, v6, name = '', digits = '2003', instance] =
    /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]?#%\\,']+))(?::(\d{1,5})(?::([A-Za-z0-9_-]+))?)?$/i.exec(
      isIPv6(address) ? `[${address}]` : address,
    ) ?? [];
  const number = Number(digits);
  const host = (v6 ?? name).toLowerCase();
  if (host === '' || (v6 !== undefined && !isIPv6(v6)) || /^\d+$/.test(host) || number < 1 || number > 65_535)
    throw wrong;
  return { host, port: number, instance };
}

function tsdbUrl(text: string, wrong: Error): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.search !== '' || url.hash !== '' || url.port === '0') throw wrong;
  refuseUnescaped(url, text);
  return url.href.replace(/\/+$/, '');
}

function refuseUnescaped({ username, password }: URL, text: string): void {
  try {
    decodeURIComponent(username + password);
  } catch {
    throw new Error(
      `expected a % in user or password to be written %25, found ${JSON.stringify(withoutPassword(text))}`,
    );
  }
}

/** A URL to which points are posted as it is; its path mostly ends in /publish/PREFIX. */
export function publishUrl(text: string): string {
  const wrong = expected('http(s)://user:password@host:port/publish/PREFIX', withoutPassword(text));
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hash !== '' || url.port === '0') throw wrong;
  refuseUnescaped(url, text);
  return url.href;
}
publishUrl.form = { type: 'string', pattern: '^[hH][tT][tT][pP][sS]?://.' };

/** The address of a Docker Engine, or `env`: as the environment says. */
export function engineUrl(text: string): string {
  if (text === 'env') return text;
  const { engineAddress } = require('../../sources/docker/engine/address.js') as typeof EngineAddresses;
  engineAddress({ url: text, isTls: false, certDirectory: undefined }, () => false);
  return text;
}
engineUrl.form = { type: 'string', pattern: '^\\s*(env$|([uU][nN][iI][xX]|[hH][tT][tT][pP][sS]?|[tT][cC][pP])://)' };

export function urlOfTsdb(address: TsdbAddress, defaultPort: number): string {
  return 'url' in address ? address.url : `http://${address.host}:${defaultPort}`;
}

/** Redacts user, password and query of an address, also where a bare `?` or `,` in a password has cut it short. */
export function withoutPassword(text: string): string {
  const withoutUser = (address: string): string => address.replace(/^([a-z]+:\/\/)?.*@/is, '$1***@');
  const withoutQuery = (address: string): string => address.replace(/\?.*$/s, '?***');
  if (URL.canParse(text)) return withoutUser(withoutQuery(text));
  return withoutQuery(withoutUser(text)).replace(/^([a-z]+:\/\/[^/@:[\]]*):(?!\d{1,5}(?:\/|$)).*/is, '$1:***');
}

/** scheme://host[:port] without a path. */
export function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (!isOrigin) throw expected('an origin such as https://io.catchpoint.com', withoutPassword(text));
  return url.origin;
}
origin.form = { type: 'string', pattern: '^[hH][tT][tT][pP][sS]?://[^/?#@]+/?$' };

/** The sink writes these headers. */
const reservedHeaders = /^(connection|content-encoding|content-length|content-type|expect|transfer-encoding|upgrade)$/i;

/** `Name: value`. Its errors do not quote the value, which may be a secret. */
export function header(text: string): readonly [name: string, value: string] {
  const colon = text.indexOf(':');
  if (colon < 0) throw new Error('expected "Name: value", found a text without a colon');
  const name = text.slice(0, colon).trim();
  const value = text.slice(colon + 1).trim();
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw expected('the name of a header before the colon', name);
  if (reservedHeaders.test(name))
    throw new Error(`expected a header other than those the bridge writes itself, found ${name}`);
  if (value === '' || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new Error(`expected a value that a header can have, found another for ${name}`);
  }
  return [name, value];
}
header.form = { type: 'string', pattern: "^\\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\\s*:" };

/** Redacts the value of a header. */
export function withoutValue(text: string): string {
  return text.replace(/:.*/s, ': ***');
}
