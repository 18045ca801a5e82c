// Catchpoint's REST API v1: the token and the list of nodes.

import type { Clock } from '../../../../runtime/clock.ts';
import { finiteNumber, describeValue, member, nonBlankText } from '../../fields.ts';
import { everyPage, type PageCache, type Listed, type Page } from './page-cache.ts';
import type { Refusal, RestClient, RestRequest } from './client.ts';
import { RestFailure } from './failure.ts';

export interface RestV1 {
  /** Every item of /nodes. @throws RestFailure, or the signal's reason */
  nodes(signal: AbortSignal): Promise<Listed>;
  /** Clears the cached pages. */
  clearPages(): Promise<void>;
}

interface RestV1Options {
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

/** The form of the token after "Bearer". Catchpoint's older examples use base64, two of 2022 use the raw token. */
type Encoding = 'base64' | 'raw';

const defaultLifeSeconds = 1800;

export function restV1(options: RestV1Options): RestV1 {
  const { client, pages } = options;
  const withToken = tokenAuthorization(options);
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
    clearPages: () => pages.clear(),
  };
}

/** v1's other lists have `pageNumber`. /nodes seems to answer with all nodes at once. */
function nodesPath(page: number): string {
  return page === 0 ? '/ui/api/v1/nodes' : `/ui/api/v1/nodes?pageNumber=${page}`;
}

function nodesPage(body: unknown): Page {
  const items = member(body, 'items');
  if (!Array.isArray(items)) throw new Error(`items: expected an array, found ${describeValue(items)}`);
  const number = finiteNumber(member(body, 'page_number'));
  return {
    entries: items,
    more: member(body, 'has_more') === true,
    ...(number === undefined ? {} : { next: number + 1 }),
  };
}

/** An error is {"Message": …}, at any HTTP status, even 200. */
function refusal(body: unknown): Refusal | undefined {
  const message = nonBlankText(member(body, 'Message'));
  return message === undefined ? undefined : { message, final: isTokenMessage(message) };
}

function isTokenMessage(message: string): boolean {
  return /(expired|invalid) token/i.test(message);
}

type WithToken = <T>(
  signal: AbortSignal,
  call: (authorization: string, secrets: readonly string[]) => Promise<T>,
) => Promise<T>;

/**
 * Adds a valid token to each call. The token is renewed before it expires, and once more when the API refuses it.
 * Until one encoding has worked, a refusal tries the other encoding before a renewal.
 */
function tokenAuthorization(options: RestV1Options): WithToken {
  const { key, secret, clock } = options;
  let token: Token | undefined;
  let encoding: Encoding = 'base64';
  let isProven = false;

  return async (signal, call) => {
    let isRenewed = false;
    let isSwitched = false;
    for (;;) {
      token = token !== undefined && clock.steady() < token.renewAtMs ? token : await newToken(options, signal);
      const bearer = encoding === 'base64' ? Buffer.from(token.text).toString('base64') : token.text;
      try {
        const result = await call(`Bearer ${bearer}`, [key, secret, token.text, bearer]);
        isProven = true;
        return result;
      } catch (error) {
        if (!isTokenRefusal(error)) throw error;
        const isExpired = /expired/i.test(error.message);
        if (!isSwitched && !isExpired && (!isProven || isRenewed)) {
          encoding = encoding === 'base64' ? 'raw' : 'base64';
          isSwitched = true;
        } else if (!isRenewed) {
          token = undefined;
          isRenewed = true;
        } else {
          throw error;
        }
      }
    }
  };
}

function isTokenRefusal(error: unknown): error is RestFailure {
  return (
    error instanceof RestFailure && (error.status === 401 || error.status === 403 || isTokenMessage(error.message))
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
      const token = nonBlankText(member(body, 'access_token'));
      if (token === undefined)
        throw new Error(`access_token: expected text, found ${describeValue(member(body, 'access_token'))}`);
      const lifeSeconds = finiteNumber(member(body, 'expires_in')) ?? defaultLifeSeconds;
      // Renewed after nine tenths of its life, so that no token expires during a call.
      return { text: token, renewAtMs: clock.steady() + lifeSeconds * 900 };
    },
  };
  return client.call(request, signal);
}
