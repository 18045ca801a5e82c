// The simulated REST APIs, with scripted faults for each path.

import type { ExecutionContext } from 'ava';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openRestApi, type RestApi, type RestApiOptions } from '../../src/simulator/rest/rest-api.ts';
import { v1Node, v2Node } from '../../src/simulator/rest/rest-shapes.ts';
import type { SimulatedNode } from '../../src/simulator/world/world-node.ts';
import type { MovableClock } from './time.ts';

export const account = { key: 'KEY-of-a-consumer', secret: 'SECRET/of+a consumer', apiKey: 'APIKEY.of.a.consumer' };

/** Answers a request in place of the API. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => void;

export interface FakeCatchpoint extends RestApi {
  /** Applies the fault to the next `times` requests whose path with query matches, after earlier faults. */
  fail(fault: Fault, options?: { readonly path?: RegExp; readonly times?: number }): void;
}

export interface FakeCatchpointOptions extends Partial<
  Pick<RestApiOptions, 'nodes' | 'bearer' | 'key' | 'secret' | 'apiKey'>
> {
  readonly clock: MovableClock;
}

/** Opens them on a free port, and closes them after the test. */
export async function fakeCatchpoint(
  t: ExecutionContext,
  { nodes = world(12), ...options }: FakeCatchpointOptions,
): Promise<FakeCatchpoint> {
  const script: { readonly fault: Fault; readonly path: RegExp; left: number }[] = [];
  const intercept = (request: IncomingMessage, response: ServerResponse): boolean => {
    const next = script.find(({ path, left }) => left > 0 && path.test(request.url ?? ''));
    if (next === undefined) return false;
    next.left -= 1;
    request.resume();
    next.fault(request, response);
    return true;
  };
  const api = await openRestApi({ ...account, ...options, nodes, intercept });
  t.teardown(() => api.close());
  return {
    ...api,
    fail: (fault, { path = /./, times = Infinity } = {}) => void script.push({ fault, path, left: times }),
  };
}

/** Makes nodes in three countries. Ten nodes in turn share three cities, and every fifth node is inactive. */
export function world(count: number, firstId = 1): SimulatedNode[] {
  const countries = [
    { country: { id: 224, name: 'United States' }, continent: { id: 1, name: 'North America' }, code: 'US' },
    { country: { id: 81, name: 'Germany' }, continent: { id: 2, name: 'Europe' }, code: 'DE' },
    { country: { id: 44, name: 'China' }, continent: { id: 3, name: 'Asia' }, code: 'CN' },
  ];
  return Array.from({ length: count }, (_, index) => {
    const place = countries[index % 3] as (typeof countries)[number];
    const cityId = 1000 + Math.floor(index / 10) * 3 + (index % 3);
    const isp = { id: 1 + (index % 7), name: `Carrier ${1 + (index % 7)}` };
    return {
      id: firstId + index,
      name: `City${cityId}, ${place.code} - Tail ${isp.id}`,
      asn: 64_500 + (index % 7),
      asnName: `AS-NAME-${index % 7}`,
      isp,
      city: { id: cityId, name: `City${cityId}` },
      region: { id: cityId + 5000, name: `Region of City${cityId}` },
      country: place.country,
      continent: place.continent,
      latitude: (index % 170) - 85 + 0.25,
      longitude: (index % 350) - 175 + 0.5,
      networkType: { id: 0, name: 'Backbone' },
      active: index % 5 !== 4,
      ipRanges: `198.51.100.${index % 250}`,
    };
  });
}

export const faults = {
  /** Never answers. */
  hang: () => undefined,
  /** A login page, as a proxy sends it. */
  html: answer(200, '<!DOCTYPE html><html><body>Please sign in</body></html>', { 'content-type': 'text/html' }),
  garbage: answer(200, '\u0000\u0001{"items":[{"id":1},'),
  /** Closes the connection within the body. */
  cut: (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5000 });
    response.write('{"items":[', () => response.destroy());
  },
  /** Bytes that Node's HTTP parser rejects (HPE_…), as v1 is known to send. */
  rawBytes: (request: IncomingMessage) =>
    void request.socket.end('HTTP/1.1 200 OK\r\nContent-Le\u0001ngth: 5\r\n\r\nhello'),
  expiredToken: answer(200, '{"Message":"Expired token"}'),
} satisfies Record<string, Fault>;

export function answer(status: number, body: string | object, headers: Readonly<Record<string, string>> = {}): Fault {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export function v1Listing(nodes: readonly SimulatedNode[], more = false): Fault {
  return answer(200, { items: nodes.map(v1Node), page_number: 0, has_more: more });
}

/** A page of v2's /nodes/all. */
export function v2Page(nodes: readonly SimulatedNode[], hasMore = false): Fault {
  return v2Answer({ nodes: nodes.map(v2Node), hasMore, next: null, previous: null });
}

export function v2Answer(data: object | null, errors: readonly object[] = []): Fault {
  return answer(200, { data, messages: [], errors, completed: errors.length === 0, traceId: '00-fake-01' });
}
