// An engine client for a test, against a simulated engine or against an HTTP server that the test writes.

import type { ExecutionContext } from 'ava';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../../../src/runtime/log.ts';
import {
  openSimulatedEngine,
  type SimulatedEngine,
  type SimulatedEngineOptions,
} from '../../../../src/simulator/docker/simulated-engine.ts';
import { seeded } from '../../../../src/simulator/seeded.ts';
import { engineAddress, isSocketFile, type AddressSettings } from '../../../../src/sources/docker/engine/address.ts';
import { EngineError, type Engine } from '../../../../src/sources/docker/engine/engine.ts';
import { openEngine } from '../../../../src/sources/docker/engine/open-engine.ts';
import { movableClock, type MovableClock } from '../../../fakes/time.ts';

/** A signal that never aborts. */
export const lasting: AbortSignal = new AbortController().signal;

export interface Client {
  readonly engine: Engine;
  /** The client's own: it moves only by the test, so that no request times out by itself. */
  readonly clock: MovableClock;
}

interface ClientSettings extends Partial<AddressSettings> {
  readonly url: string;
  readonly log?: Log;
}

/** A client, closed after the test. */
export function client(t: ExecutionContext, { log, ...settings }: ClientSettings): Client {
  const clock = movableClock();
  const address = engineAddress({ isTls: false, certDirectory: undefined, ...settings }, isSocketFile);
  const engine = openEngine({ address, clock, requestTimeoutMs: 32_000, concurrency: 4, ...(log && { log }) });
  t.teardown(() => engine.close());
  return { engine, clock };
}

/** A simulated engine, closed after the test. */
export async function simulated(
  t: ExecutionContext,
  options: Partial<SimulatedEngineOptions> = {},
): Promise<SimulatedEngine & { readonly clock: MovableClock }> {
  const clock = movableClock();
  const engine = await openSimulatedEngine({ clock, random: seeded(1), containers: 1, ...options });
  t.teardown(() => engine.close());
  return Object.assign(engine, { clock });
}

/** A simulated engine and a client that is connected to it. */
export async function connected(
  t: ExecutionContext,
  options: Partial<SimulatedEngineOptions> = {},
): Promise<Client & { readonly docker: SimulatedEngine & { readonly clock: MovableClock } }> {
  const docker = await simulated(t, options);
  const opened = client(t, { url: docker.url });
  await opened.engine.connect(lasting);
  return { docker, ...opened };
}

/** An HTTP server that answers as the test says. Returns its URL. */
export async function served(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers the handshake as an engine of this version, everything else by the listener. */
export function engineOf(apiVersion: string, listener: RequestListener): RequestListener {
  return (request, response) => {
    const path = (request.url ?? '').replace(/^\/v[0-9.]+/, '').split('?')[0];
    if (path === '/_ping') response.writeHead(200, { 'Api-Version': apiVersion }).end('OK');
    else if (path === '/version') response.end(JSON.stringify({ ApiVersion: apiVersion, MinAPIVersion: '1.12' }));
    else if (path === '/info') response.end('{}');
    else listener(request, response);
  };
}

/** A recording of a real engine. */
export function recorded(name: string): string {
  return readFileSync(new URL(`../../../../../test/golden/docker/${name}`, import.meta.url), 'utf8');
}

/** The message of the EngineError that the work throws. */
export async function messageFrom(t: ExecutionContext, work: () => Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: EngineError });
  return error?.message ?? '';
}
