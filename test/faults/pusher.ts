// The generator: agents that push runs one after the other, each answered 200 put down as owed. What got no answer is pushed
// again like Catchpoint does, or, half of the time, never again.

import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { Ledger } from './ledger.ts';
import type { Runs } from './runs.ts';

export interface Pusher {
  /** Pushes until `stop`, or until so many runs were pushed. */
  start(options?: PushingOptions): void;
  /** Resolves when the runs in hand are dealt with. */
  stop(): Promise<void>;
  /** Resolves when all that was asked for has been pushed. */
  done(): Promise<void>;
  /** Pushes one new run until it is answered 200; its number. */
  pushOne(): Promise<number>;
  /** Pushes one run once; the status, or 0 when there was no answer. */
  push(run: number): Promise<number>;
  figures(): PusherFigures;
  close(): void;
}

export interface PushingOptions {
  /** Agents that push at the same time; default 16. */
  readonly agents?: number;
  /** Runs a second over all agents; default: as fast as they are taken. */
  readonly rate?: number;
  readonly runs?: number;
}

export interface PusherFigures {
  /** By status; 0: no answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** Of the answers 200, in ms. */
  readonly p99Ms: number;
}

export interface PusherOptions {
  readonly url: () => string | undefined;
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly random: () => number;
  readonly steady: () => number;
  /** An address of this machine to come from; a sender of its own for the bridge. */
  readonly from?: string;
  /** A connection for each push, as Catchpoint's many agents have. */
  readonly freshConnections?: boolean;
}

interface Agents {
  readonly http: Agent;
  readonly https: TlsAgent;
}

interface Pushing extends PusherOptions {
  readonly agent: Agents;
  readonly answers: Record<string, number>;
  readonly timesMs: number[];
  isStopped: boolean;
  left: number;
  nextAtMs: number;
}

/** With the bridge away, an agent looks for it so often. */
const lookEveryMs = 20;
const maxTimes = 200_000;

export function pusher(options: PusherOptions): Pusher {
  const { from, freshConnections = false } = options;
  const how = { keepAlive: !freshConnections, maxSockets: 256, ...(from !== undefined && { localAddress: from }) };
  const agent = {
    http: new Agent(how),
    https: new TlsAgent({
      ...how,
      secureContext: createSecureContext(),
      rejectUnauthorized: false,
      maxCachedSessions: 0,
    }),
  };
  const one: Pushing = { ...options, agent, answers: {}, timesMs: [], isStopped: true, left: 0, nextAtMs: 0 };
  let working: Promise<unknown> = Promise.resolve();
  return {
    start({ agents = 16, rate = Infinity, runs = Infinity } = {}) {
      Object.assign(one, { isStopped: false, left: runs, nextAtMs: one.steady() });
      working = Promise.all(Array.from({ length: agents }, () => work(one, 1000 / rate)));
    },
    async stop() {
      one.isStopped = true;
      await working;
    },
    done: async () => void (await working),
    async pushOne() {
      const run = one.ledger.next();
      while ((await push(one, run)) !== 200) await pause(lookEveryMs);
      return run;
    },
    push: (run) => push(one, run),
    figures: () => ({
      answers: { ...one.answers },
      slowestMs: one.timesMs.slice(-maxTimes).reduce((most, ms) => Math.max(most, ms), 0),
      p99Ms: p99(one.timesMs),
    }),
    close() {
      agent.http.destroy();
      agent.https.destroy();
    },
  };
}

async function work(one: Pushing, everyMs: number): Promise<void> {
  while (!one.isStopped && one.left > 0) {
    one.left -= 1;
    if (everyMs > 0) await turn(one, everyMs);
    await settle(one, one.ledger.next());
  }
}

/** The agents share one rate. */
async function turn(one: Pushing, everyMs: number): Promise<void> {
  const nowMs = one.steady();
  one.nextAtMs = Math.max(one.nextAtMs + everyMs, nowMs - 100);
  if (one.nextAtMs > nowMs) await pause(one.nextAtMs - nowMs);
}

/** A run that was answered otherwise than 200 is pushed again; after half of the failures it is given up. */
async function settle(one: Pushing, run: number): Promise<void> {
  while (!one.isStopped) {
    if (one.url() === undefined) {
      await pause(lookEveryMs);
      continue;
    }
    const status = await push(one, run);
    if (status === 200) return;
    if (status === 0 && one.random() < 0.5) return;
    await pause(lookEveryMs);
  }
}

async function push(one: Pushing, run: number): Promise<number> {
  const url = one.url();
  if (url === undefined) return 0;
  const fromMs = one.steady();
  const status = await post(one.agent, url, one.runs.body(run));
  one.answers[status] = (one.answers[status] ?? 0) + 1;
  if (status === 200) {
    one.ledger.acknowledge(run);
    if (one.timesMs.length < 2 * maxTimes) one.timesMs.push(one.steady() - fromMs);
  }
  return status;
}

/** The status of the answer, told as soon as its head is there: who has seen a 200 is owed the run. 0: there was none. */
function post(agent: Agents, url: string, body: string): Promise<number> {
  return new Promise((resolve) => {
    const how = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    };
    const sent = url.startsWith('https:')
      ? tlsRequest(url, { ...how, agent: agent.https })
      : request(url, { ...how, agent: agent.http });
    sent.once('response', (response) => {
      response.once('error', () => {});
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', () => resolve(0));
    sent.end(body);
  });
}

function p99(timesMs: readonly number[]): number {
  if (timesMs.length === 0) return 0;
  const sorted = Float64Array.from(timesMs).toSorted();
  return sorted[Math.floor(sorted.length * 0.99)] as number;
}
