// What the second listener serves of the status page: the page and its files, the live events, and what the map asks for.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type Router from '@koa/router';
import type { Context, Next } from 'koa';
import type { PageFile, PageFiles } from './page-files.ts';
import { isOwnHost } from './host-check.ts';
import { mapQueryOf } from './map-query.ts';
import type { MapFigures, MapNode, NodeRun, SeenTest } from './messages.ts';
import type { MapQuery } from './map-aggregates.ts';

/** What is looked up for the page. */
export interface PageSource {
  /** Takes over the response; false when too many watch already. */
  watch(response: Context['res']): boolean;
  nodes(): Promise<readonly MapNode[]>;
  /** Changes with the nodes. */
  nodesVersion(): string;
  tests(): readonly SeenTest[];
  map(query: MapQuery): Promise<MapFigures>;
  runsOf(nodeId: number): readonly NodeRun[];
  /** The points that a recent push became, as put lines; undefined when it is not kept any more. */
  pointLines(nth: number): readonly string[] | undefined;
}

const policy = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** Mounts the page at `/` and everything else below `/status/`. */
export function pageRoutes(router: Router, source: PageSource): void {
  let files: Promise<PageFiles> | undefined;
  const read = (): Promise<PageFiles> => (files ??= import('./page-files.ts').then(({ pageFiles }) => pageFiles()));
  router.get('/', guarded, async (context) => send(context, (await read()).page, 'no-cache'));
  router.get('/status/files/:version/:name', guarded, async (context) => {
    const { name, version } = context.params as { name: string; version: string };
    const { file, version: current } = await read();
    const found = version === current ? file(name) : undefined;
    if (found !== undefined) send(context, found, 'public, max-age=31536000, immutable');
  });
  router.get('/status/events', guarded, (context) => {
    context.respond = false;
    if (source.watch(context.res)) return;
    context.res
      .writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '10' })
      .end('{"error":"too many watch already"}');
  });
  lookups(router, source);
}

function lookups(router: Router, source: PageSource): void {
  router.get('/status/nodes', guarded, async (context) => {
    context.set('Cache-Control', 'no-cache');
    context.status = 200;
    context.etag = source.nodesVersion();
    if (context.fresh) context.status = 304;
    else await json(context, await source.nodes());
  });
  router.get('/status/nodes/:id/runs', guarded, (context) =>
    json(context, source.runsOf(Number((context.params as { id: string }).id))),
  );
  router.get('/status/tests', guarded, (context) => json(context, source.tests()));
  router.get('/status/map', guarded, async (context) =>
    json(context, await source.map(mapQueryOf(context.URL.searchParams))),
  );
  router.get('/status/pushes/:nth/points', guarded, (context) => {
    const lines = source.pointLines(Number((context.params as { nth: string }).nth));
    if (lines !== undefined) return json(context, lines);
    context.status = 404;
    context.body = { error: 'this push is not kept any more' };
    return undefined;
  });
}

/** On every answer of the page's; and a page of somewhere else, which has a name of its own point here, reads nothing. */
async function guarded(context: Context, next: Next): Promise<void> {
  if (!isOwnHost(context.get('Host'), context.req.socket.localAddress)) {
    context.status = 421;
    context.body = {
      error: `Host: expected an address or localhost, found ${JSON.stringify(context.get('Host').slice(0, 100))}`,
    };
    return;
  }
  context.set({
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
  });
  await next();
}

function send(context: Context, { type, plain, packed }: PageFile, caching: string): void {
  context.set({ 'Cache-Control': caching, Vary: 'Accept-Encoding' });
  context.type = type;
  const isPacked = context.acceptsEncodings('gzip', 'identity') === 'gzip';
  if (isPacked) context.set('Content-Encoding', 'gzip');
  context.body = isPacked ? packed : plain;
}

const gzipped = promisify(gzip);
/** Less is not worth packing. */
const packedFrom = 4096;

/** Packed beside the event loop, and as fast as it goes. */
async function json(context: Context, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  if (!context.response.get('Cache-Control')) context.set('Cache-Control', 'no-store');
  context.set('Vary', 'Accept-Encoding');
  context.type = 'application/json';
  if (text.length < packedFrom || context.acceptsEncodings('gzip', 'identity') !== 'gzip') {
    context.body = text;
    return;
  }
  context.set('Content-Encoding', 'gzip');
  context.body = await gzipped(text, { level: 1 });
}
