// A strict OpenTSDB 2.4 front end in this process, to try the bridge against: it refuses what OpenTSDB refuses, in the same
// words. One port speaks both telnet and HTTP; the first byte of a connection decides. Nothing is kept beyond the last points.

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { DataPoint } from '../../model/point.ts';
import type { StoredAnnotation } from './annotation.ts';
import type { TsdAnswer } from './answers.ts';
import { answerHttp, exchange, send, type Exchange } from './http.ts';
import type { Sleep } from './put.ts';
import { tsdStore, type Storage, type TsdCounts, type TsdStore } from './store.ts';
import { serveTelnet } from './telnet.ts';
import { uids } from './uids.ts';

export interface TsdOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Told of every point stored, after the checks. */
  readonly onPoint?: (point: DataPoint) => void;
  /** How many of the last points `points()` gives; default 100,000. */
  readonly rememberedPoints?: number;
  /** tsd.core.auto_create_metrics: whether a put may name a new metric. Default true; OpenTSDB's own default is false. */
  readonly autoCreateMetrics?: boolean;
  /** The same for tag names and tag values; default true, as in OpenTSDB. */
  readonly autoCreateTags?: boolean;
  /** tsd.storage.max_tags; default 8. */
  readonly maxTags?: number;
  /** tsd.http.request.enable_chunked with this max_chunk, in bytes; default off. */
  readonly maxChunkBytes?: number;
  /** tsd.mode=ro: put and uid do not exist. */
  readonly isReadOnly?: boolean;
  /** What stands behind it; by default it stores everything. */
  readonly storage?: Storage;
  /** The end of a query that names none, ms since 1970 UTC; default: when the last point is. */
  readonly nowMs?: () => number;
  /** For sync_timeout; without it no timeout ends. */
  readonly sleep?: Sleep;
  /** Comes before the answer to an HTTP request: may wait, change it, or answer instead. */
  readonly intercept?: (exchange: Exchange, answer: () => Promise<TsdAnswer>) => Promise<TsdAnswer>;
  /** Shown every telnet connection; true when it serves that itself. */
  readonly interceptTelnet?: (socket: Socket, first: Buffer) => boolean;
}

export interface Tsd {
  readonly port: number;
  /** The origin, such as http://127.0.0.1:4242. */
  readonly url: string;
  readonly counts: TsdCounts;
  /** The points stored last, oldest first; names as OpenTSDB stores them, values as they were written. */
  points(): readonly DataPoint[];
  /** Every annotation, as it was sent. */
  annotations(): readonly StoredAnnotation[];
  /** Closes every connection at once. */
  close(): Promise<void>;
}

const version = '2.4.1';

/** Opens it; rejects when the address cannot be listened on. */
export async function openTsd(options: TsdOptions = {}): Promise<Tsd> {
  const { host = '127.0.0.1', port = 0, autoCreateMetrics = true, autoCreateTags = true } = options;
  const store = tsdStore({
    uids: uids({ metric: autoCreateMetrics, tagk: autoCreateTags, tagv: autoCreateTags }),
    maxTags: options.maxTags ?? 8,
    storage: options.storage ?? (() => 'stored'),
    onPoint: options.onPoint ?? (() => {}),
    rememberedPoints: options.rememberedPoints ?? 100_000,
  });
  const sockets = new Set<Socket>();
  const close = async (): Promise<void> => {
    const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const http = httpDoor(options, store);
  const server = createServer((socket) => {
    store.counts.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (first) => {
      if (isHttp(first)) return handToHttp(http, socket, first);
      if (options.interceptTelnet?.(socket, first) === true) return;
      serveTelnet(
        { store, version, isReadOnly: options.isReadOnly ?? false, onDie: () => void close() },
        socket,
        first,
      );
    });
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const address = server.address() as AddressInfo;
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  return {
    port: address.port,
    url,
    counts: store.counts,
    points: store.points,
    annotations: () => [...store.annotations.values()],
    close,
  };
}

/** PipelineFactory: a capital letter opens HTTP, anything else telnet. */
function isHttp(first: Buffer): boolean {
  const byte = first[0] ?? 0;
  return byte >= 0x41 && byte <= 0x5a;
}

function handToHttp(http: HttpServer, socket: Socket, first: Buffer): void {
  socket.pause();
  socket.unshift(first);
  http.emit('connection', socket);
  socket.resume();
}

/** The limits are those of Netty's HttpRequestDecoder, line and headers taken together. */
function httpDoor(
  { intercept, sleep = () => new Promise(() => {}), ...options }: TsdOptions,
  store: TsdStore,
): HttpServer {
  const { maxChunkBytes, isReadOnly = false, nowMs = () => latestMs(store) } = options;
  const config = shownConfig(options);
  const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const underway = exchange(request);
    const answer = () => answerHttp({ store, maxChunkBytes, isReadOnly, version, config, sleep, nowMs }, underway);
    try {
      send(response, await (intercept === undefined ? answer() : intercept(underway, answer)));
    } catch {
      // The client went away in the middle of its request.
      response.socket?.destroy();
    }
  };
  const listen = (request: IncomingMessage, response: ServerResponse) => void answerTo(request, response);
  return createHttpServer({ maxHeaderSize: 4096 + 8192, keepAliveTimeout: 0 }, listen).on('checkContinue', listen);
}

/** A part of what Config.java tells: a flat map of texts. */
function shownConfig({
  port = 0,
  autoCreateMetrics = true,
  autoCreateTags = true,
  maxTags = 8,
  maxChunkBytes,
  isReadOnly = false,
}: TsdOptions) {
  return {
    'tsd.core.auto_create_metrics': String(autoCreateMetrics),
    'tsd.core.auto_create_tagks': String(autoCreateTags),
    'tsd.core.auto_create_tagvs': String(autoCreateTags),
    'tsd.http.request.enable_chunked': String(maxChunkBytes !== undefined),
    'tsd.http.request.max_chunk': String(maxChunkBytes ?? 4096),
    'tsd.mode': isReadOnly ? 'ro' : 'rw',
    'tsd.network.port': String(port),
    'tsd.storage.max_tags': String(maxTags),
  };
}

function latestMs({ points }: TsdStore): number {
  return points().reduce(
    (latest, { timestamp, unit }) => Math.max(latest, unit === 's' ? timestamp * 1000 : timestamp),
    0,
  );
}
