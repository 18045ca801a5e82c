// A simulated Docker Engine on a unix socket or a port, with containers that a test or a demo controls.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { answerCall, pathOf, type ApiOptions } from './api.ts';
import { countersOf, type ContainerSpec, type SimulatedContainer } from './container.ts';
import { playFault, type Fault } from './faults.ts';
import { simulatedFleet, type FleetControls } from './fleet.ts';
import type { Machine } from './stats.ts';

export interface SimulatedEngineOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Some that run, or these. */
  readonly containers: number | readonly ContainerSpec[];
  /** The path of a unix socket, or a port of 127.0.0.1. Default 0: a free port. */
  readonly listen?: string | number;
  /** Default 1.40, that of Docker 29. */
  readonly minApiVersion?: string;
  /** Default 1.52. */
  readonly apiVersion?: string;
  readonly version?: string;
  readonly cgroupVersion?: 1 | 2;
  readonly cpus?: number;
  readonly hostname?: string;
  /** How long every request for statistics takes. */
  readonly delayMs?: number;
  /** The value of the header Authorization that every request must have. */
  readonly authorization?: string;
  /** With certificates the port speaks TLS. */
  readonly tls?: ServerOptions;
  /** A fault of a request; its path has no version, and ids as they were sent: `/containers/ID/stats`. */
  readonly fault?: (path: string) => Fault | undefined;
}

/** A request that came in. */
export interface EngineCall {
  readonly method: string;
  /** With version and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface SimulatedEngine extends FleetControls {
  /** `unix:///path`, `http://127.0.0.1:port` or `https://localhost:port`. */
  readonly url: string;
  /** The last requests, the newest last. */
  readonly calls: readonly EngineCall[];
  containers(): readonly SimulatedContainer[];
  /** Open streams of events. */
  eventReaders(): number;
  /** Requests that wait for their answer, streams included. */
  openCalls(): number;
  /** Connections that are open. */
  connections(): Promise<number>;
  /** The engine goes away: every connection breaks. Its containers go on. */
  halt(): Promise<void>;
  /** It comes back at the same address. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

const maxRecordedCalls = 10_000;
/** The CPU time of the machine at the start: more than 2^53 nanoseconds, as after 104 days of one CPU. */
const systemStartNs = 66_161_895_600_000_001n;

/** Rejects if it cannot listen. */
export async function openSimulatedEngine(options: SimulatedEngineOptions): Promise<SimulatedEngine> {
  const { clock, cgroupVersion = 2, cpus = 4, hostname = 'simulated' } = options;
  const machine: Machine = { cgroupVersion, cpus, memoryBytes: 16 * 1024 ** 3, hostname };
  const fleet = simulatedFleet({ ...options, memoryBytes: machine.memoryBytes });
  const startMs = clock.steady();
  const api: ApiOptions = {
    clock,
    machine,
    versions: {
      version: options.version ?? '29.0.1',
      apiVersion: options.apiVersion ?? '1.52',
      minApiVersion: options.minApiVersion ?? '1.40',
    },
    containers: fleet.all,
    events: fleet.events,
    sampleOf: (container) => ({
      atNs: BigInt(Math.floor(clock.now() * 1000)) * 1000n,
      systemNs: systemStartNs + BigInt(Math.round((clock.steady() - startMs) * 1_000_000)) * BigInt(cpus),
      counters: countersOf(container, clock.now()),
    }),
  };
  const calls: EngineCall[] = [];
  const listener = await openListener(options, requestListener(options, api, calls));
  return {
    ...fleet.controls,
    url: listener.url,
    calls,
    containers: fleet.all,
    eventReaders: fleet.events.readers,
    openCalls: listener.openCalls,
    connections: listener.connections,
    halt: listener.halt,
    resume: listener.resume,
    async close() {
      fleet.close();
      await listener.halt();
    },
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => Promise<void>;

function requestListener(options: SimulatedEngineOptions, api: ApiOptions, calls: EngineCall[]): Answer {
  const { clock, authorization, delayMs = 0, fault: faultOf } = options;
  return async (request, response, signal) => {
    const { method = '', url = '/', headers } = request;
    calls.push({ method, path: url, headers });
    if (calls.length > maxRecordedCalls) calls.shift();
    if (authorization !== undefined && headers.authorization !== authorization) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="engine"' }).end('401 Unauthorized\n');
      return;
    }
    const { path } = pathOf(url);
    const fault = faultOf?.(path);
    if (fault !== undefined && (typeof fault === 'string' || 'status' in fault)) return playFault(response, fault);
    const pauseMs = fault?.delayMs ?? (path.endsWith('/stats') ? delayMs : 0);
    if (pauseMs > 0) await clock.sleep(pauseMs, { signal });
    await answerCall(api, { request, response, signal });
  };
}

interface Listener {
  readonly url: string;
  openCalls(): number;
  connections(): Promise<number>;
  halt(): Promise<void>;
  resume(): Promise<void>;
}

async function openListener({ listen = 0, tls }: SimulatedEngineOptions, answer: Answer): Promise<Listener> {
  const open = new Set<AbortController>();
  const onRequest: RequestListener = (request, response) => {
    const call = new AbortController();
    open.add(call);
    response.once('close', () => {
      open.delete(call);
      call.abort();
    });
    // Sleeps end with the signal; what else goes wrong breaks the connection, as a crash of the engine would.
    answer(request, response, call.signal).catch(() => response.destroy());
  };
  let server: Server | undefined;
  let address = listen;

  async function resume(): Promise<void> {
    server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
    server.keepAliveTimeout = 0;
    await once(typeof address === 'string' ? server.listen(address) : server.listen(address, '127.0.0.1'), 'listening');
    // The next start has the same port.
    if (typeof address === 'number') address = (server.address() as AddressInfo).port;
  }

  await resume();
  const host = tls === undefined ? `http://127.0.0.1:${address}` : `https://localhost:${address}`;
  return {
    url: typeof address === 'string' ? `unix://${address}` : host,
    openCalls: () => open.size,
    connections: () =>
      new Promise((resolve, reject) => {
        if (server === undefined) resolve(0);
        else server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    async halt() {
      const halted = server;
      server = undefined;
      if (halted === undefined) return;
      await new Promise<void>((resolve) => {
        halted.close(() => resolve());
        halted.closeAllConnections();
      });
    },
    resume,
  };
}
