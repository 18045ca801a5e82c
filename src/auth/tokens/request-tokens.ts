// Finds the tokens of a request in its headers, path and query.

import type { IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';

export interface RequestParts {
  readonly headers: IncomingMessage['headers'];
  readonly path: string;
  /** Without the question mark. */
  readonly querystring: string;
}

/** Longer texts are not hashed. No token is longer; see token-syntax.ts. */
const maxLength = 512;

/**
 * The tokens of a request, headers first: `Authorization: Bearer TOKEN`, basic auth, `X-Catchpoint-Token: TOKEN`,
 * `/catchpoint/TOKEN`, `?token=TOKEN`. In basic auth the token is the password or, without one, the user.
 */
export function tokensOfRequest({ headers, path, querystring }: RequestParts): string[] {
  const { authorization, 'x-catchpoint-token': header } = headers;
  const tokens: string[] = [];
  const add = (token: string | undefined): void => {
    if (token !== undefined && token !== '' && token.length <= maxLength) tokens.push(token);
  };
  if (authorization !== undefined) add(fromAuthorization(authorization));
  if (typeof header === 'string') add(header.trim());
  if (path.startsWith(pathPrefix)) add(fromPath(path));
  if (querystring !== '') for (const token of [parse(querystring)['token']].flat()) add(token);
  return tokens;
}

function fromAuthorization(text: string): string | undefined {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+) *$/.exec(text) ?? [];
  if (/^bearer$/i.test(scheme)) return credentials;
  if (!/^basic$/i.test(scheme)) return undefined;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) return undefined;
  return colon === pair.length - 1 ? pair.slice(0, colon) : pair.slice(colon + 1);
}

const pathPrefix = '/catchpoint/';

function fromPath(path: string): string | undefined {
  const end = path.indexOf('/', pathPrefix.length);
  const part = path.slice(pathPrefix.length, end === -1 ? undefined : end);
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
