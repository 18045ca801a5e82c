// Answers requests to the simulated REST APIs, as strict as Catchpoint and with its error messages.

import { createHash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { SimulatedNode } from '../world/world-node.ts';
import type { RateLimit } from './rate-limit.ts';
import { geographyCities, isCustomerNode, nodeLocations, v1Node, v2CustomerNode, v2Node } from './rest-shapes.ts';

export interface RestRequest {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

export interface RestResponse {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RestState {
  readonly clock: Pick<Clock, 'now'>;
  readonly nodes: readonly SimulatedNode[];
  readonly key: string;
  readonly secret: string;
  readonly apiKey: string;
  /** The accepted encodings of v1's token. Catchpoint's own programs use both. */
  readonly bearer: 'both' | 'base64' | 'raw';
  readonly rateLimit: RateLimit;
  /** The expiry of each v1 token, in ms since 1970 UTC. */
  readonly tokens: Map<string, number>;
}

const tokenLifeSeconds = 1800;
const maxPageSize = 100;

export function respond(state: RestState, request: RestRequest): RestResponse {
  const { pathname } = request.url;
  if (pathname === '/ui/api/token') return token(state, request);
  if (pathname.startsWith('/ui/api/v1/')) return v1(state, request);
  if (pathname.startsWith('/api/v2/')) return v2(state, request);
  return notFound(pathname);
}

function message(status: number, text: string): RestResponse {
  return { status, body: { Message: text } };
}

function notFound(pathname: string): RestResponse {
  return message(404, `No HTTP resource was found that matches the request URI '${pathname}'.`);
}

function methodNotAllowed(method: string): RestResponse {
  return message(405, `The requested resource does not support http method '${method}'.`);
}

function token(state: RestState, { method, contentType, body }: RestRequest): RestResponse {
  const { key, secret, clock, tokens } = state;
  if (method !== 'POST') return methodNotAllowed(method);
  if (contentType?.split(';')[0]?.trim() !== 'application/x-www-form-urlencoded') {
    return message(415, 'Unsupported media type');
  }
  const form = new URLSearchParams(body);
  if (form.get('grant_type') !== 'client_credentials') return message(400, 'unsupported_grant_type');
  if (form.get('client_id') !== key || form.get('client_secret') !== secret) {
    return message(401, 'Invalid client credentials');
  }
  const retryAfterMs = state.rateLimit(key);
  if (retryAfterMs !== undefined) return tooManyCalls(retryAfterMs);
  // In base64 it sometimes contains + or /, as Catchpoint's tokens may.
  const issued = createHash('sha256').update(`${key} ${clock.now()} ${tokens.size}`).digest('base64');
  tokens.set(issued, clock.now() + tokenLifeSeconds * 1000);
  return { status: 200, body: { access_token: issued, token_type: 'Bearer', expires_in: tokenLifeSeconds } };
}

function v1(state: RestState, { method, url, authorization }: RestRequest): RestResponse {
  const error = tokenError(state, authorization);
  if (error !== undefined) return message(401, error);
  const retryAfterMs = state.rateLimit(state.key);
  if (retryAfterMs !== undefined) return tooManyCalls(retryAfterMs);
  if (url.pathname !== '/ui/api/v1/nodes') return notFound(url.pathname);
  if (method !== 'GET') return methodNotAllowed(method);
  return { status: 200, body: { items: state.nodes.map(v1Node), page_number: 0, has_more: false } };
}

function tokenError({ tokens, bearer, clock }: RestState, authorization: string | undefined): string | undefined {
  const sent = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  if (sent === undefined) return 'Authorization has been denied for this request.';
  const decoded = Buffer.from(sent, 'base64').toString();
  const candidates = { both: [sent, decoded], base64: [decoded], raw: [sent] }[bearer];
  const expiryMs = candidates.map((candidate) => tokens.get(candidate)).find((ms) => ms !== undefined);
  if (expiryMs === undefined) return 'Invalid token';
  return expiryMs <= clock.now() ? 'Expired token' : undefined;
}

function v2(state: RestState, { method, url, authorization }: RestRequest): RestResponse {
  if (authorization !== `Bearer ${state.apiKey}`) return envelope(401, null, 'Unauthorized');
  const retryAfterMs = state.rateLimit(state.apiKey);
  if (retryAfterMs !== undefined) {
    return { ...envelope(429, null, 'API calls quota exceeded'), headers: retryAfter(retryAfterMs) };
  }
  const path = url.pathname.slice('/api/v2'.length);
  const read = v2Resources[path];
  if (read === undefined) return envelope(404, null, `Not found: ${path}`);
  if (method !== 'GET') return envelope(405, null, `Method not allowed: ${method}`);
  return read(state, url.searchParams);
}

const v2Resources: Readonly<Record<string, (state: RestState, query: URLSearchParams) => RestResponse>> = {
  '/nodes/all': (state, query) => paged(query, 'nodes', state.nodes.map(v2Node)),
  '/nodes': (state) => {
    const nodes = state.nodes.filter(isCustomerNode).map(v2CustomerNode);
    return envelope(200, { nodes, hasMore: false, next: null, previous: null });
  },
  '/nodes/groups/nodelocations': (state) => envelope(200, nodeLocations(state.nodes)),
  '/nodes/geographycity': (state, query) => paged(query, 'cities', geographyCities(state.nodes)),
};

function paged(query: URLSearchParams, name: string, all: readonly object[]): RestResponse {
  const page = Number(query.get('pageNumber') ?? 1);
  const size = Number(query.get('pageSize') ?? maxPageSize);
  if (!Number.isInteger(page) || page < 1) {
    return envelope(400, null, `pageNumber: ${query.get('pageNumber')} is not a page`);
  }
  if (!Number.isInteger(size) || size < 1 || size > maxPageSize) {
    return envelope(400, null, `pageSize: ${query.get('pageSize')} is not from 1 to ${maxPageSize}`);
  }
  const hasMore = page * size < all.length;
  const entries = all.slice((page - 1) * size, page * size);
  const next = hasMore ? `pageNumber=${page + 1}&pageSize=${size}` : null;
  return envelope(200, { [name]: entries, hasMore, next, previous: null });
}

function envelope(status: number, data: object | null, error?: string): RestResponse {
  const errors = error === undefined ? [] : [{ id: null, message: error }];
  const usageLimits = { clientId: 1234, exceededMessage: status === 429 ? error : null };
  return {
    status,
    body: { data, messages: [], errors, completed: error === undefined, traceId: '00-simulated-01', usageLimits },
  };
}

function tooManyCalls(retryAfterMs: number): RestResponse {
  return { ...message(429, 'Rate limit exceeded'), headers: retryAfter(retryAfterMs) };
}

function retryAfter(ms: number): Record<string, string> {
  return { 'retry-after': String(Math.ceil(ms / 1000)) };
}
