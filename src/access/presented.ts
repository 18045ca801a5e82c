// What a request presents to be let in: the tokens in its headers, its path and its query.

import type { Context } from 'koa';

/** More of a text than any token has is not even hashed. */
const longest = 512;

/**
 * The tokens that a request presents, those in headers first: `Authorization: Bearer TOKEN`, basic auth with the token as the password
 * (or as the user, without one), `X-Catchpoint-Token: TOKEN`, `/catchpoint/TOKEN`, `?token=TOKEN`.
 */
export function presentedTokens(context: Pick<Context, 'headers' | 'path' | 'url' | 'query'>): string[] {
  const { authorization, 'x-catchpoint-token': own } = context.headers;
  const presented: (string | undefined)[] = [];
  if (authorization !== undefined) presented.push(ofAuthorization(authorization));
  if (typeof own === 'string') presented.push(own.trim());
  if (context.path.startsWith('/catchpoint/')) presented.push(ofPath(context.path));
  if (context.url.includes('?')) presented.push(...[context.query['token']].flat());
  return presented.filter((token): token is string => token !== undefined && token !== '' && token.length <= longest);
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

function ofPath(path: string): string | undefined {
  const part = path.split('/', 3)[2] ?? '';
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
