// Catchpoint's REST API v1: the token, in whichever way it is taken, and the list of nodes.

import type { Clock } from '../../../../runtime/clock.ts';
import { finiteNumber, found, member, text } from '../../fields.ts';
import { everyPage, type PageCache, type Listed, type Page } from './page-cache.ts';
import type { Refusal, RestClient, RestRequest } from './client.ts';
import { RestFailure } from './failure.ts';

export interface RestV1 {
  /**
   * Every item of /nodes.
   *
   * @throws RestFailure, or the signal's reason
   */
  nodes(signal: AbortSignal): Promise<Listed>;
  /** Forgets the pages that are kept for a listing that was interrupted. */
  forgetPages(): Promise<void>;
}

export interface RestV1Options {
  readonly client: RestClient;
  readonly key: string;
  readonly secret: string;
  readonly pages: PageCache;
  readonly clock: Clock;
}

interface Token {
  readonly text: string;
  readonly renewAtMs: number;
}

/** The way a token is written behind "Bearer". Catchpoint's older programs write base64, two of 2022 the token itself. */
type Encoding = 'base64' | 'raw';

const defaultLifeSeconds = 1800;

export function restV1(options: RestV1Options): RestV1 {
  const { client, pages } = options;
  const withToken = tokenHolder(options);
  return {
    nodes: (signal) =>
      everyPage(pages, 0, (page) =>
        withToken(signal, (authorization, secrets) =>
          client.call(
            { method: 'GET', path: nodesPath(page), headers: { authorization }, secrets, refusal, read: nodesPage },
            signal,
          ),
        ),
      ),
    forgetPages: () => pages.clear(),
  };
}

/** /nodes seems to come whole; `pageNumber` is what v1's other lists take. */
function nodesPath(page: number): string {
  return page === 0 ? '/ui/api/v1/nodes' : `/ui/api/v1/nodes?pageNumber=${page}`;
}

function nodesPage(body: unknown): Page {
  const items = member(body, 'items');
  if (!Array.isArray(items)) throw new Error(`items: expected an array, found ${found(items)}`);
  const number = finiteNumber(member(body, 'page_number'));
  return {
    entries: items,
    more: member(body, 'has_more') === true,
    ...(number === undefined ? {} : { next: number + 1 }),
  };
}

/** v1's errors are {"Message": …}, at any status, 200 included. */
function refusal(body: unknown): Refusal | undefined {
  const message = text(member(body, 'Message'));
  return message === undefined ? undefined : { message, final: saysTokenRefused(message) };
}

function saysTokenRefused(message: string): boolean {
  return /(expired|invalid) token/i.test(message);
}

type WithToken = <T>(
  signal: AbortSignal,
  call: (authorization: string, secrets: readonly string[]) => Promise<T>,
) => Promise<T>;

/**
 * Calls with a valid token: renewed before it ends, and once more when it is refused all the same. While no way of
 * writing it has worked yet, the other way is tried before the token is renewed.
 */
function tokenHolder(options: RestV1Options): WithToken {
  const { key, secret, clock } = options;
  let token: Token | undefined;
  let encoding: Encoding = 'base64';
  let proven = false;

  return async (signal, call) => {
    let renewed = false;
    let turned = false;
    for (;;) {
      token = token !== undefined && clock.steady() < token.renewAtMs ? token : await newToken(options, signal);
      const bearer = encoding === 'base64' ? Buffer.from(token.text).toString('base64') : token.text;
      try {
        const result = await call(`Bearer ${bearer}`, [key, secret, token.text, bearer]);
        proven = true;
        return result;
      } catch (error) {
        if (!isTokenRefusal(error)) throw error;
        const expired = /expired/i.test(error.message);
        if (!turned && !expired && (!proven || renewed)) {
          encoding = encoding === 'base64' ? 'raw' : 'base64';
          turned = true;
        } else if (!renewed) {
          token = undefined;
          renewed = true;
        } else {
          throw error;
        }
      }
    }
  };
}

function isTokenRefusal(error: unknown): error is RestFailure {
  return (
    error instanceof RestFailure && (error.status === 401 || error.status === 403 || saysTokenRefused(error.message))
  );
}

async function newToken({ client, key, secret, clock }: RestV1Options, signal: AbortSignal): Promise<Token> {
  const request: RestRequest<Token> = {
    method: 'POST',
    path: '/ui/api/token',
    form: { grant_type: 'client_credentials', client_id: key, client_secret: secret },
    secrets: [key, secret],
    refusal,
    read(body) {
      const token = text(member(body, 'access_token'));
      if (token === undefined)
        throw new Error(`access_token: expected text, found ${found(member(body, 'access_token'))}`);
      const lifeSeconds = finiteNumber(member(body, 'expires_in')) ?? defaultLifeSeconds;
      // A tenth before its end, so that none ends on the way.
      return { text: token, renewAtMs: clock.steady() + lifeSeconds * 900 };
    },
  };
  return client.call(request, signal);
}
