// Parses the address of a receiver from its URL, with the Authorization header for the URL's user and password.

export interface HttpAddress {
  /** The URL without user, password and query; the path is without a trailing slash. */
  readonly label: string;
  readonly isTls: boolean;
  readonly hostname: string;
  readonly port: number;
  /** The path, without a trailing slash. */
  readonly prefix: string;
  /** The Authorization header for the URL's user and password. */
  readonly authorization: string | undefined;
}

/**
 * @param receiver - begins the messages, such as `OpenTSDB`
 * @param example - a URL for the message
 * @throws Error for a URL that cannot be used; the message omits its password
 */
export function httpAddress(url: string, receiver: string, example: string): HttpAddress {
  if (!URL.canParse(url)) throw new Error(`${receiver}: a URL such as ${example} wanted, found something else`);
  const { protocol, hostname, port, pathname } = new URL(url);
  const isTls = protocol === 'https:';
  const prefix = pathname.replace(/\/+$/, '');
  const label = `${protocol}//${hostname}${port && `:${port}`}${prefix}`;
  if (hostname === '' || (!isTls && protocol !== 'http:'))
    throw new Error(`${receiver}: http:// or https:// wanted, found ${label}`);
  return {
    label,
    isTls,
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (isTls ? 443 : 80),
    prefix,
    authorization: basicOf(url),
  };
}

/** Returns the Authorization header for the user and password of a URL, one of which may be empty; undefined for neither. */
export function basicOf(url: string): string | undefined {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
