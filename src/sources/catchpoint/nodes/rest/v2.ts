// Catchpoint's REST API v2: the nodes of all networks, the customer's own nodes, and the lists of places.
// The shapes are those of Catchpoint's OpenAPI document.

import { memberAt, describeValue, member, nonBlankText } from '../../fields.ts';
import { everyPage, type PageCache, type Listed, type Page } from './page-cache.ts';
import type { Refusal, RestClient } from './client.ts';

/** Every call throws RestFailure, or the signal's reason. */
export interface RestV2 {
  /** /nodes/all: without continent, region and ISP. */
  nodes(signal: AbortSignal): Promise<Listed>;
  /** /nodes: the customer's own nodes, with continent, region and ISP, without AS. */
  customerNodes(signal: AbortSignal): Promise<readonly unknown[]>;
  /** /nodes/groups/nodelocations: continents with countries with cities. */
  continents(signal: AbortSignal): Promise<readonly unknown[]>;
  /** A page of /nodes/geographycity: cities with state and country. The first page is 1. */
  cities(page: number, signal: AbortSignal): Promise<Page>;
  /** Clears the cached pages of nodes. */
  clearPages(): Promise<void>;
}

interface RestV2Options {
  readonly client: RestClient;
  readonly apiKey: string;
  readonly pages: PageCache;
}

/** v2's maximum. */
const pageSize = 100;

export function restV2({ client, apiKey, pages }: RestV2Options): RestV2 {
  function get<T>(path: string, read: (data: unknown) => T, signal: AbortSignal): Promise<T> {
    return client.call(
      {
        method: 'GET',
        path: `/api/v2${path}`,
        headers: { authorization: `Bearer ${apiKey}` },
        secrets: [apiKey],
        refusal,
        read: (body) => read(member(body, 'data')),
      },
      signal,
    );
  }
  const pageOf = (path: string, name: string, page: number, signal: AbortSignal): Promise<Page> =>
    get(
      `${path}?pageNumber=${page}&pageSize=${pageSize}`,
      (data) => ({ entries: list(data, name), more: hasMore(data) }),
      signal,
    );

  return {
    nodes: (signal) => everyPage(pages, 1, (page) => pageOf('/nodes/all', 'nodes', page, signal)),
    customerNodes: (signal) =>
      get('/nodes', (data) => (member(data, 'nodes') === null ? [] : list(data, 'nodes')), signal),
    continents: (signal) => get('/nodes/groups/nodelocations', (data) => list(data, 'continents'), signal),
    cities: (page, signal) => pageOf('/nodes/geographycity', 'cities', page, signal),
    clearPages: () => pages.clear(),
  };
}

function list(data: unknown, name: string): readonly unknown[] {
  const entries = member(data, name);
  if (!Array.isArray(entries)) throw new Error(`data.${name}: expected an array, found ${describeValue(entries)}`);
  return entries;
}

/** `hasMore` may be null. Then a `next` marks another page. */
function hasMore(data: unknown): boolean {
  const more = member(data, 'hasMore');
  return typeof more === 'boolean' ? more : nonBlankText(member(data, 'next')) !== undefined;
}

/** At every HTTP status, success has `completed: true` and no `errors`. */
function refusal(body: unknown): Refusal | undefined {
  const errors = member(body, 'errors');
  const messages = (Array.isArray(errors) ? errors : []).map(
    (error) => nonBlankText(member(error, 'message')) ?? 'an error without a message',
  );
  const others = [memberAt(body, 'usageLimits', 'exceededMessage'), member(body, 'Message')]
    .map(nonBlankText)
    .filter((message) => message !== undefined);
  const completed = member(body, 'completed');
  if (messages.length === 0 && completed === true) return undefined;
  if (messages.length === 0 && others.length === 0)
    return { message: `completed: expected true, found ${describeValue(completed)}` };
  return { message: [...messages, ...others].join('; ') };
}
