// A simulated engine for a test, requests to it, and the shapes of its answers.

import type { ExecutionContext } from 'ava';
import { isLosslessNumber, parse } from 'lossless-json';
import { readFileSync } from 'node:fs';
import { request as requestOf } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  openSimulatedEngine,
  type SimulatedEngine,
  type SimulatedEngineOptions,
} from '../../../src/simulator/docker/simulated-engine.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { movableClock, type MovableClock } from '../../fakes/time.ts';

export interface Reply {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

export async function opened(
  t: ExecutionContext,
  options: Partial<SimulatedEngineOptions> = {},
): Promise<{ readonly docker: SimulatedEngine; readonly clock: MovableClock }> {
  const clock = movableClock();
  const docker = await openSimulatedEngine({ clock, random: seeded(1), containers: 1, ...options });
  t.teardown(() => docker.close());
  return { docker, clock };
}

export function get(docker: SimulatedEngine, path: string, method = 'GET'): Promise<Reply> {
  const socket = docker.url.startsWith('unix://') ? docker.url.slice('unix://'.length) : undefined;
  const options = { method, agent: false, ...(socket === undefined ? {} : { socketPath: socket }) };
  return new Promise((resolve, reject) => {
    requestOf(`${socket === undefined ? docker.url : 'http://localhost'}${path}`, options, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], body }),
        reject,
      );
    })
      .on('error', reject)
      .end();
  });
}

export function recording(name: string): string {
  return readFileSync(new URL(`../../../../test/golden/docker/${name}`, import.meta.url), 'utf8');
}

/** The events until now. */
export async function eventLines(docker: SimulatedEngine, clock: MovableClock): Promise<string[]> {
  await clock.advance(1000);
  const { body } = await get(docker, `/v1.41/events?since=1&until=${clock.now() / 1000}`);
  return body.trim().split('\n');
}

export async function sample(docker: SimulatedEngine, name = 'container-1'): Promise<unknown> {
  return parse((await get(docker, `/containers/${name}/stats?stream=false&one-shot=1`)).body);
}

/** A number of a sample. */
export function at(value: unknown, ...path: readonly string[]): bigint {
  const found = path.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
  if (!isLosslessNumber(found)) throw new Error(`${path.join('.')}: no number`);
  return BigInt(found.value);
}

/** The names and kinds of all members, in order. */
export function shape(value: unknown): unknown {
  if (Array.isArray(value)) return 'array';
  if (isLosslessNumber(value)) return 'number';
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.entries(value).map(([name, member]) => [name, shape(member)]);
}
