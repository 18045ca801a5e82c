// The API of a simulated engine: routes, versions, and the refusals of a real one.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { stringify } from 'lossless-json';
import type { Clock } from '../../runtime/clock.ts';
import type { SimulatedContainer } from './container.ts';
import { eventBody, type EventLog, type SimulatedEvent } from './event-log.ts';
import { isAtLeast } from './go-text.ts';
import { infoBody, inspectBody, listItem, versionBody, type EngineVersions } from './listing.ts';
import { statsBody, type Machine, type Sample } from './stats.ts';

/** The time between two samples of the engine's collector. */
const sampleMs = 1000;

export interface ApiOptions {
  readonly clock: Clock;
  readonly machine: Machine;
  readonly versions: EngineVersions;
  readonly containers: () => readonly SimulatedContainer[];
  readonly events: EventLog;
  readonly sampleOf: (container: SimulatedContainer) => Sample;
}

/** A request as the API sees it. */
interface Call {
  readonly response: ServerResponse;
  readonly apiVersion: string;
  readonly query: URLSearchParams;
  /** Aborts when the client goes or the engine stops. */
  readonly signal: AbortSignal;
}

/** Without the version, and with the container's id or name in its place: `/containers/NAME/stats`. */
export function pathOf(url: string): { readonly version: string | undefined; readonly path: string } {
  const { pathname } = new URL(url, 'http://engine');
  const [, version, path = pathname] = /^\/v([0-9.]+)(\/.*)$/.exec(pathname) ?? [];
  return { version, path };
}

/** Answers a request, or fills its answer until the signal aborts. */
export async function answerCall(
  options: ApiOptions,
  {
    request,
    response,
    signal,
  }: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly signal: AbortSignal },
): Promise<void> {
  const { apiVersion: newest, minApiVersion: oldest } = options.versions;
  const { version = newest, path } = pathOf(request.url ?? '/');
  const query = new URL(request.url ?? '/', 'http://engine').searchParams;
  const call = { response, apiVersion: version, query, signal };
  if (!isAtLeast(version, oldest)) {
    const text = `client version ${version} is too old. Minimum supported API version is ${oldest}, please upgrade your client to a newer version`;
    return refuse(call, 400, text);
  }
  if (!isAtLeast(newest, version)) {
    return refuse(call, 400, `client version ${version} is too new. Maximum supported API version is ${newest}`);
  }
  const isGet = request.method === 'GET' || (request.method === 'HEAD' && path === '/_ping');
  // A real engine answers 404 to another method too.
  if (!isGet) return send(response, 404, { message: 'page not found' });
  return route(options, call, path);
}

async function route(options: ApiOptions, call: Call, path: string): Promise<void> {
  const { response, apiVersion, query } = call;
  const { machine, versions, clock } = options;
  const [, name, what] = /^\/containers\/([^/]+)\/(json|stats)$/.exec(path) ?? [];
  if (name !== undefined) return routeContainer(options, call, decodeURIComponent(name), what as 'json' | 'stats');
  switch (path) {
    case '/_ping':
      return ping(response, versions);
    case '/version':
      return send(response, 200, versionBody(versions));
    case '/info':
      return send(response, 200, infoBody(machine, options.containers(), { ...versions, apiVersion }));
    case '/containers/json': {
      if (query.has('filters')) return refuse(call, 400, 'the simulated engine has no filters of containers');
      const listed = options.containers().filter(({ state }) => isTrue(query.get('all')) || isListed(state));
      return send(
        response,
        200,
        listed.map((container) => listItem(container, apiVersion, clock.now())),
      );
    }
    case '/events':
      return answerEvents(options, call);
    default:
      return send(response, 404, { message: 'page not found' });
  }
}

function isListed(state: SimulatedContainer['state']): boolean {
  return state !== 'created' && state !== 'exited';
}

async function routeContainer(options: ApiOptions, call: Call, name: string, what: 'json' | 'stats'): Promise<void> {
  const container = options.containers().find(({ id, name: own }) => id === name || own === name);
  if (container === undefined) return refuse(call, 404, `No such container: ${name}`);
  if (what === 'json') return send(call.response, 200, inspectBody(container));
  const isStream = !isAtLeast(call.apiVersion, '1.19') || isTrue(call.query.get('stream') ?? '1');
  const isOneShot = isAtLeast(call.apiVersion, '1.41') && isTrue(call.query.get('one-shot'));
  if (isStream && isOneShot) return refuse(call, 400, 'cannot have stream=true and one-shot=true');
  return answerStats(options, call, { container, isStream, isOneShot });
}

/**
 * A one-shot comes at once, and so does the first sample of a stream, without one before it. Anything else has two
 * samples, so it waits for the second, unless the container is stopped.
 */
async function answerStats(
  { clock, machine, sampleOf }: ApiOptions,
  { response, apiVersion, signal }: Call,
  {
    container,
    isStream,
    isOneShot,
  }: { readonly container: SimulatedContainer; readonly isStream: boolean; readonly isOneShot: boolean },
): Promise<void> {
  let previous: Sample | undefined;
  for (;;) {
    const sample = sampleOf(container);
    if (isOneShot || isStream || previous !== undefined || sample.counters === undefined) {
      const body = statsBody({ apiVersion, machine, container, sample, previous });
      if (!isStream) return send(response, 200, body);
      if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write(`${stringify(body)}\n`);
    }
    previous = sample;
    await clock.sleep(sampleMs, { signal });
  }
}

async function answerEvents({ clock, events }: ApiOptions, call: Call): Promise<void> {
  const { response, apiVersion, query, signal } = call;
  const bounds = ['since', 'until'].map((name) => timeOf(query.get(name)));
  const types = typesOf(query.get('filters'), apiVersion);
  for (const fault of [...bounds, types]) if (typeof fault === 'string') return refuse(call, 400, fault);
  const [since, until] = bounds as (bigint | undefined)[];
  const isWanted = ({ type }: SimulatedEvent): boolean => types === undefined || types.includes(type);
  const write = (event: SimulatedEvent): void => {
    if (isWanted(event)) response.write(`${stringify(eventBody(event, apiVersion))}\n`);
  };
  response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
  if (since !== undefined)
    events
      .since(since)
      .filter(({ atNs }) => until === undefined || atNs <= until)
      .forEach(write);
  const end = events.read(write);
  try {
    if (until === undefined) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    else await untilMs(clock, Number(until / 1_000_000n), signal);
  } finally {
    end();
  }
  response.end();
}

async function untilMs(clock: Clock, endMs: number, signal: AbortSignal): Promise<void> {
  const leftMs = endMs - clock.now();
  if (leftMs > 0) await clock.sleep(leftMs, { signal });
}

/** Seconds, with nanoseconds from engines of API 1.21 on. A text: the message of the engine. */
function timeOf(text: string | null): bigint | string | undefined {
  if (text === null || text === '') return undefined;
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined) return `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`;
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** Of a filter such as `{"type":["container"]}` or `{"type":{"container":true}}`. A text: the message of the engine. */
function typesOf(text: string | null, apiVersion: string): readonly string[] | string | undefined {
  if (text === null || text === '') return undefined;
  let filters: unknown;
  try {
    filters = JSON.parse(text);
  } catch {
    return `invalid character '${text.slice(0, 1)}' looking for beginning of value`;
  }
  const { type, ...others } = filters as Record<string, unknown>;
  if (Object.keys(others).length > 0) return 'the simulated engine filters events by type alone';
  // Engines before that ignore the filter.
  if (!isAtLeast(apiVersion, '1.22') || typeof type !== 'object' || type === null) return undefined;
  return Array.isArray(type) ? (type as string[]) : Object.keys(type);
}

/** The header Api-Version exists from API 1.25 on. */
function ping(response: ServerResponse, { version, apiVersion }: EngineVersions): void {
  const headers = isAtLeast(apiVersion, '1.25') ? { 'Api-Version': apiVersion, Ostype: 'linux' } : {};
  const server = { Server: `Docker/${version} (linux)`, 'Content-Type': 'text/plain; charset=utf-8' };
  response.writeHead(200, { ...headers, ...server, 'Content-Length': 2 }).end('OK');
}

/** Go's rule of the engine: anything but these counts as true. */
function isTrue(value: string | null): boolean {
  return !['', '0', 'no', 'false', 'none'].includes((value ?? '').trim().toLowerCase());
}

/** Errors are JSON from API 1.24 on, plain text before. */
function refuse({ response, apiVersion }: Call, status: number, message: string): void {
  if (isAtLeast(apiVersion, '1.24')) return send(response, status, { message });
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = `${stringify(body)}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
