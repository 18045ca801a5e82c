// What the simulated REST APIs answer to one request: strict where Catchpoint is, with its errors in its own words.

import { createHash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { CallCounts, CallLimits } from './call-limits.ts';
import { geographyCities, nodeLocations, v1Node, v2CustomerNode, v2Node } from './rest-shapes.ts';
import { isCustomerNode, type SimulatedNode } from '../world/world-node.ts';

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RestWorld {
  readonly clock: Pick<Clock, 'now'>;
  readonly nodes: () => readonly SimulatedNode[];
  readonly key: string;
  readonly secret: string;
  readonly apiKey: string;
  /** Which way of writing v1's token is taken; Catchpoint's own programs use both. */
  readonly bearer: 'both' | 'base64' | 'raw';
  readonly counts: CallCounts;
  readonly limits: CallLimits;
  /** When each of v1's tokens ends, in ms since 1970 UTC. */
  readonly tokens: Map<string, number>;
}

const tokenLifeSeconds = 1800;
const maxPageSize = 100;

/** Answers a request to either API. */
export function restAnswer(world: RestWorld, asked: Asked): Answer {
  const { pathname } = asked.url;
  if (pathname === '/ui/api/token') return token(world, asked);
  if (pathname.startsWith('/ui/api/v1/')) return v1(world, asked);
  if (pathname.startsWith('/api/v2/')) return v2(world, asked);
  return { status: 404, body: { Message: `No HTTP resource was found that matches the request URI '${pathname}'.` } };
}

function message(status: number, text: string): Answer {
  return { status, body: { Message: text } };
}

function token(world: RestWorld, { method, contentType, body }: Asked): Answer {
  if (method !== 'POST') return message(405, `The requested resource does not support http method '${method}'.`);
  if (contentType?.split(';')[0]?.trim() !== 'application/x-www-form-urlencoded')
    return message(415, 'Unsupported media type');
  const form = new URLSearchParams(body);
  if (form.get('grant_type') !== 'client_credentials') return message(400, 'unsupported_grant_type');
  if (form.get('client_id') !== world.key || form.get('client_secret') !== world.secret)
    return message(401, 'Invalid client credentials');
  const refused = world.counts.take(world.key);
  if (refused !== undefined) return tooMany(refused.refusedForMs, { Message: 'Rate limit exceeded' });
  // Its base64 holds + or / now and then, as the real one's may.
  const issued = createHash('sha256').update(`${world.key} ${world.clock.now()} ${world.tokens.size}`).digest('base64');
  world.tokens.set(issued, world.clock.now() + tokenLifeSeconds * 1000);
  return { status: 200, body: { access_token: issued, token_type: 'Bearer', expires_in: tokenLifeSeconds } };
}

function v1(world: RestWorld, { method, url, authorization }: Asked): Answer {
  const refusedToken = tokenFault(world, authorization);
  if (refusedToken !== undefined) return message(401, refusedToken);
  const refused = world.counts.take(world.key);
  if (refused !== undefined) return tooMany(refused.refusedForMs, { Message: 'Rate limit exceeded' });
  if (url.pathname !== '/ui/api/v1/nodes')
    return message(404, `No HTTP resource was found that matches the request URI '${url.pathname}'.`);
  if (method !== 'GET') return message(405, `The requested resource does not support http method '${method}'.`);
  return { status: 200, body: { items: world.nodes().map(v1Node), page_number: 0, has_more: false } };
}

function tokenFault({ tokens, bearer, clock }: RestWorld, authorization: string | undefined): string | undefined {
  const sent = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  if (sent === undefined) return 'Authorization has been denied for this request.';
  const decoded = Buffer.from(sent, 'base64').toString();
  const readings = { both: [sent, decoded], base64: [decoded], raw: [sent] }[bearer];
  const endsAtMs = readings.map((reading) => tokens.get(reading)).find((ends) => ends !== undefined);
  if (endsAtMs === undefined) return 'Invalid token';
  return endsAtMs <= clock.now() ? 'Expired token' : undefined;
}

function v2(world: RestWorld, { method, url, authorization }: Asked): Answer {
  if (authorization !== `Bearer ${world.apiKey}`) return envelope(world, 401, null, 'Unauthorized');
  const refused = world.counts.take(world.apiKey);
  if (refused !== undefined)
    return { ...envelope(world, 429, null, 'API calls quota exceeded'), headers: retryAfter(refused.refusedForMs) };
  const path = url.pathname.slice('/api/v2'.length);
  const read = v2Reads[path];
  if (read === undefined) return envelope(world, 404, null, `Not found: ${path}`);
  if (method !== 'GET') return envelope(world, 405, null, `Method not allowed: ${method}`);
  return read(world, url.searchParams);
}

const v2Reads: Readonly<Record<string, (world: RestWorld, query: URLSearchParams) => Answer>> = {
  '/nodes/all': (world, query) => paged(world, query, 'nodes', world.nodes().map(v2Node)),
  '/nodes': (world) => {
    const nodes = world.nodes().filter(isCustomerNode).map(v2CustomerNode);
    return envelope(world, 200, { nodes, hasMore: false, next: null, previous: null });
  },
  '/nodes/groups/nodelocations': (world) => envelope(world, 200, nodeLocations(world.nodes())),
  '/nodes/geographycity': (world, query) => paged(world, query, 'cities', geographyCities(world.nodes())),
};

function paged(world: RestWorld, query: URLSearchParams, name: string, all: readonly object[]): Answer {
  const page = Number(query.get('pageNumber') ?? 1);
  const size = Number(query.get('pageSize') ?? maxPageSize);
  if (!Number.isInteger(page) || page < 1)
    return envelope(world, 400, null, `pageNumber: ${query.get('pageNumber')} is not a page`);
  if (!Number.isInteger(size) || size < 1 || size > maxPageSize) {
    return envelope(world, 400, null, `pageSize: ${query.get('pageSize')} is not from 1 to ${maxPageSize}`);
  }
  const hasMore = page * size < all.length;
  const entries = all.slice((page - 1) * size, page * size);
  const next = hasMore ? `pageNumber=${page + 1}&pageSize=${size}` : null;
  return envelope(world, 200, { [name]: entries, hasMore, next, previous: null });
}

function envelope(world: RestWorld, status: number, data: object | null, error?: string): Answer {
  const errors = error === undefined ? [] : [{ id: null, message: error }];
  const limits = published(world.limits);
  const runs = published(world.counts.within(world.apiKey));
  const usageLimits = { clientId: 1234, limits, runs, exceededMessage: status === 429 ? error : null };
  return {
    status,
    body: { data, messages: [], errors, completed: error === undefined, traceId: '00-simulated-01', usageLimits },
  };
}

function published({ minute, hour, day }: CallLimits): object {
  return { minute, hour, day };
}

function tooMany(forMs: number, body: object): Answer {
  return { status: 429, body, headers: retryAfter(forMs) };
}

function retryAfter(forMs: number): Record<string, string> {
  return { 'retry-after': String(Math.ceil(forMs / 1000)) };
}
