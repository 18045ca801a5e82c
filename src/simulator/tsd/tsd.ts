// A simulated OpenTSDB 2.4 in this process. It refuses the same input as OpenTSDB, with the same messages.
// One port serves telnet and HTTP. Only the most recent points are stored, in memory.

import { once } from 'node:events';
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
  /** Default 0: a free port. */
  readonly port?: number;
  /** Receives every point stored. */
  readonly onPoint?: (point: DataPoint) => void;
  /** Bounds what `points()` returns; default 100,000. */
  readonly rememberedPoints?: number;
  /** tsd.core.auto_create_metrics: a put creates unknown metrics. Default true, unlike in OpenTSDB. */
  readonly autoCreateMetrics?: boolean;
  /** The same for tag names and tag values; default true, as in OpenTSDB. */
  readonly autoCreateTags?: boolean;
  /** max_chunk of tsd.http.request.enable_chunked, in bytes; default off. */
  readonly maxChunkBytes?: number;
  /** tsd.mode=ro: put and uid do not exist. */
  readonly isReadOnly?: boolean;
  /** By default it stores everything. */
  readonly storage?: Storage;
  /** For sync_timeout. Without it no timeout ends. */
  readonly sleep?: Sleep;
  /** Handles every HTTP request, for tests: it may delay, change or replace the answer. */
  readonly intercept?: (exchange: Exchange, answer: () => Promise<TsdAnswer>) => Promise<TsdAnswer>;
  /** Sees every telnet connection first, for tests. Returns true if it serves the connection itself. */
  readonly interceptTelnet?: (socket: Socket, first: Buffer) => boolean;
}

export interface Tsd {
  readonly port: number;
  /** The origin, such as http://127.0.0.1:4242. */
  readonly url: string;
  readonly counts: TsdCounts;
  /** The last points stored, oldest first, with names as OpenTSDB stores them and values as they were written. */
  points(): readonly DataPoint[];
  annotations(): readonly StoredAnnotation[];
  /** Closes every connection at once. */
  close(): Promise<void>;
}

const version = '2.4.1';
/** The default of tsd.storage.max_tags. */
const maxTags = 8;

/** Listens on 127.0.0.1. Rejects if it cannot. */
export async function openTsd(options: TsdOptions = {}): Promise<Tsd> {
  const { port = 0, autoCreateMetrics = true, autoCreateTags = true, isReadOnly = false } = options;
  const store = tsdStore({
    uids: uids({ metric: autoCreateMetrics, tagk: autoCreateTags, tagv: autoCreateTags }),
    maxTags,
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
  const http = httpServer(options, store);
  const telnet = { store, version, isReadOnly, onDie: () => void close() };
  const server = createServer((socket) => {
    store.counts.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (first) => {
      if (isHttp(first)) handOver(socket, first, http);
      else if (options.interceptTelnet?.(socket, first) !== true) serveTelnet(telnet, socket, first);
    });
    socket.on('error', () => socket.destroy());
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    counts: store.counts,
    points: store.points,
    annotations: () => [...store.annotations.values()],
    close,
  };
}

/** PipelineFactory: HTTP begins with a capital letter, telnet with anything else. */
function isHttp(first: Buffer): boolean {
  const byte = first[0] ?? 0;
  return byte >= 0x41 && byte <= 0x5a;
}

function handOver(socket: Socket, first: Buffer, http: HttpServer): void {
  socket.pause();
  socket.unshift(first);
  http.emit('connection', socket);
  socket.resume();
}

/** Its header limit is that of Netty's HttpRequestDecoder, line and headers together. */
function httpServer(options: TsdOptions, store: TsdStore): HttpServer {
  const { intercept, maxChunkBytes, isReadOnly = false, sleep = () => new Promise(() => {}) } = options;
  const config = configOf(options);
  const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const current = exchange(request);
    const answer = () => answerHttp({ store, maxChunkBytes, isReadOnly, version, config, sleep }, current);
    try {
      send(response, await (intercept === undefined ? answer() : intercept(current, answer)));
    } catch {
      // The client closed the connection within its request.
      response.socket?.destroy();
    }
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => void answerTo(request, response);
  return createHttpServer({ maxHeaderSize: 4096 + 8192, keepAliveTimeout: 0 }, listener).on('checkContinue', listener);
}

/** Some entries of the real /api/config. */
function configOf({ port = 0, autoCreateMetrics, autoCreateTags, maxChunkBytes, isReadOnly }: TsdOptions) {
  return {
    'tsd.core.auto_create_metrics': String(autoCreateMetrics ?? true),
    'tsd.core.auto_create_tagks': String(autoCreateTags ?? true),
    'tsd.core.auto_create_tagvs': String(autoCreateTags ?? true),
    'tsd.http.request.enable_chunked': String(maxChunkBytes !== undefined),
    'tsd.http.request.max_chunk': String(maxChunkBytes ?? 4096),
    'tsd.mode': isReadOnly === true ? 'ro' : 'rw',
    'tsd.network.port': String(port),
    'tsd.storage.max_tags': String(maxTags),
  };
}
