// What a request presents to be let in: the tokens in its headers, its path and its query.

import type { IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';

/** The parts of a request in which a token may stand. */
export interface Presenting {
  readonly headers: IncomingMessage['headers'];
  readonly path: string;
  /** Without its question mark. */
  readonly querystring: string;
}

/** More of a text than any token has is not even hashed. */
const longest = 512;

/**
 * The tokens that a request presents, those in headers first: `Authorization: Bearer TOKEN`, basic auth with the token as the password
 * (or as the user, without one), `X-Catchpoint-Token: TOKEN`, `/catchpoint/TOKEN`, `?token=TOKEN`.
 */
export function tokensOfRequest({ headers, path, querystring }: Presenting): string[] {
  const { authorization, 'x-catchpoint-token': own } = headers;
  const presented: string[] = [];
  const add = (token: string | undefined): void => {
    if (token !== undefined && token !== '' && token.length <= longest) presented.push(token);
  };
  if (authorization !== undefined) add(ofAuthorization(authorization));
  if (typeof own === 'string') add(own.trim());
  if (path.startsWith('/catchpoint/')) add(ofPath(path));
  if (querystring !== '') for (const token of [parse(querystring)['token']].flat()) add(token);
  return presented;
}

function ofAuthorization(text: string): string | undefined {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+) *$/.exec(text) ?? [];
  if (/^bearer$/i.test(scheme)) return credentials;
  if (!/^basic$/i.test(scheme)) return undefined;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) return undefined;
  return colon === pair.length - 1 ? pair.slice(0, colon) : pair.slice(colon + 1);
}

const beforeToken = '/catchpoint/'.length;

function ofPath(path: string): string | undefined {
  const end = path.indexOf('/', beforeToken);
  const part = path.slice(beforeToken, end === -1 ? undefined : end);
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
