// The HTTP routes of the status page on the admin listener: the page, its files, the event stream and queries.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type Router from '@koa/router';
import type { Context, Next } from 'koa';
import type { MapQuery } from './map-aggregates.ts';
import { parseMapQuery } from './map-query.ts';
import type { MapNode, MapStats, NodeRun, TestName } from './messages.ts';
import type { PageFile, PageFiles } from './page-files.ts';

interface PageSource {
  /** Takes over the response; false when there are too many clients. */
  watch(response: Context['res']): boolean;
  nodes(): Promise<readonly MapNode[]>;
  /** Changes with the nodes. */
  nodesVersion(): string;
  tests(): readonly TestName[];
  map(query: MapQuery): Promise<MapStats>;
  runsOf(nodeId: number): readonly NodeRun[];
  /** The points of a recent push in OpenTSDB's `put` syntax; undefined when the push is no longer kept. */
  pointLines(nth: number): readonly string[] | undefined;
}

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function pageRoutes(router: Router, source: PageSource): void {
  let files: Promise<PageFiles> | undefined;
  const load = (): Promise<PageFiles> => (files ??= import('./page-files.ts').then(({ pageFiles }) => pageFiles()));
  router.get('/', secured, async (context) => sendFile(context, (await load()).page, 'no-cache'));
  router.get('/status/files/:version/:name', secured, async (context) => {
    const { name, version } = context.params as { name: string; version: string };
    const { file, version: current } = await load();
    const found = version === current ? file(name) : undefined;
    if (found !== undefined) sendFile(context, found, 'public, max-age=31536000, immutable');
  });
  router.get('/status/events', secured, (context) => {
    context.respond = false;
    if (source.watch(context.res)) return;
    context.res
      .writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '10' })
      .end('{"error":"too many watch already"}');
  });
  queryRoutes(router, source);
}

function queryRoutes(router: Router, source: PageSource): void {
  router.get('/status/nodes', secured, async (context) => {
    context.set('Cache-Control', 'no-cache');
    context.status = 200;
    context.etag = source.nodesVersion();
    if (context.fresh) context.status = 304;
    else await sendJson(context, await source.nodes());
  });
  router.get('/status/nodes/:id/runs', secured, (context) =>
    sendJson(context, source.runsOf(Number((context.params as { id: string }).id))),
  );
  router.get('/status/tests', secured, (context) => sendJson(context, source.tests()));
  router.get('/status/map', secured, async (context) =>
    sendJson(context, await source.map(parseMapQuery(context.URL.searchParams))),
  );
  router.get('/status/pushes/:nth/points', secured, (context) => {
    const lines = source.pointLines(Number((context.params as { nth: string }).nth));
    return lines === undefined ? refuse(context, 404, 'this push is not kept any more') : sendJson(context, lines);
  });
}

/** Sets the security headers, and refuses other hosts: with DNS rebinding another site could read these routes. */
async function secured(context: Context, next: Next): Promise<void> {
  const host = context.get('Host');
  if (!isTrustedHost(host, context.req.socket.localAddress))
    return refuse(context, 421, `Host: expected an address or localhost, found ${JSON.stringify(host.slice(0, 100))}`);
  context.set({
    'Content-Security-Policy': contentSecurityPolicy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
  });
  await next();
}

/** On loopback only addresses and localhost are trusted, elsewhere any name: the bridge does not know its names. */
export function isTrustedHost(host: string, localAddress: string | undefined): boolean {
  if (!/^(::ffff:)?127\.|^::1$/.test(localAddress ?? '')) return true;
  return /^(localhost|[\w-]+\.localhost|\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}

function refuse(context: Context, status: number, error: string): void {
  context.status = status;
  context.body = { error };
}

function sendFile(context: Context, { type, plain, gzipped }: PageFile, caching: string): void {
  context.set({ 'Cache-Control': caching, Vary: 'Accept-Encoding' });
  context.type = type;
  const isGzipped = acceptsGzip(context);
  if (isGzipped) context.set('Content-Encoding', 'gzip');
  context.body = isGzipped ? gzipped : plain;
}

const gzipAsync = promisify(gzip);
const minGzipLength = 4096;

/** Compresses in Node's thread pool, at the fastest level. */
async function sendJson(context: Context, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  if (!context.response.get('Cache-Control')) context.set('Cache-Control', 'no-store');
  context.set('Vary', 'Accept-Encoding');
  context.type = 'application/json';
  const isGzipped = text.length >= minGzipLength && acceptsGzip(context);
  if (isGzipped) context.set('Content-Encoding', 'gzip');
  context.body = isGzipped ? await gzipAsync(text, { level: 1 }) : text;
}

function acceptsGzip(context: Context): boolean {
  return context.acceptsEncodings('gzip', 'identity') === 'gzip';
}
