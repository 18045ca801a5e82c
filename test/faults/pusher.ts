// The generator: agents push runs one after the other, and record each run answered 200 as owed. Half of the runs
// without an answer are pushed again, as Catchpoint does.

import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { Ledger } from './ledger.ts';
import type { Runs } from './runs.ts';

export interface Pusher {
  /** Pushes until `stop`, or until `runs` are pushed. */
  start(options?: PushingOptions): void;
  /** Resolves once the runs in flight are answered or abandoned. */
  stop(): Promise<void>;
  /** Resolves once all runs of `start` are pushed. */
  done(): Promise<void>;
  /** Pushes a new run until it is answered 200; resolves with its number. */
  pushOne(): Promise<number>;
  /** Pushes a run once; resolves with the status, or 0 without an answer. */
  push(run: number): Promise<number>;
  figures(): PusherFigures;
  close(): void;
}

export interface PushingOptions {
  /** Concurrent agents; default 16. */
  readonly agents?: number;
  /** Runs a second over all agents; default: unlimited. */
  readonly rate?: number;
  readonly runs?: number;
}

export interface PusherFigures {
  /** Counts by status; 0: no answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** Of the answers 200. */
  readonly p99Ms: number;
}

export interface PusherOptions {
  readonly url: () => string | undefined;
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly random: () => number;
  readonly steady: () => number;
  /** A source address of this machine. */
  readonly from?: string;
  /** A connection for each push, as Catchpoint's agents use. */
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

/** The interval at which an agent tries again while no bridge runs. */
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

/** Limits the rate of all agents together. */
async function turn(one: Pushing, everyMs: number): Promise<void> {
  const nowMs = one.steady();
  one.nextAtMs = Math.max(one.nextAtMs + everyMs, nowMs - 100);
  if (one.nextAtMs > nowMs) await pause(one.nextAtMs - nowMs);
}

/** Pushes a run again after any answer but 200; abandons it after half of the failures. */
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

/** Resolves with the status as soon as the head arrives, since a 200 makes the run owed; 0: no answer. */
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
