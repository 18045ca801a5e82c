// Generates the load: pushes over plain sockets, as fast as they are answered or at a fixed rate. At a fixed rate an
// answer time begins when the push is due, so that it includes stalls of the server.

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bodies } from './bodies.ts';

export interface Load {
  readonly url: string;
  readonly bodies: Bodies;
  /** Infinity: no limit. */
  readonly seconds: number;
  /** The limit of pushes. */
  readonly most?: number;
  readonly connections: number;
  /** Opens a connection for each push, as agents do. */
  readonly isNewEach?: boolean;
  /** Pushes a second; undefined: no limit. */
  readonly rate?: number | undefined;
  /** The status of an accepted push; default 200. */
  readonly status?: number;
}

export interface Loaded {
  readonly pushes: number;
  /** Other answers, or none. */
  readonly failures: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

interface Running {
  readonly load: Load;
  readonly head: string;
  readonly timesMs: number[];
  failures: number;
  begun: number;
  readonly endAtMs: number;
  readonly due: number[];
  readonly idle: ((dueAtMs: number) => void)[];
}

/** Resolves once every push is answered. */
export async function generate(load: Load): Promise<Loaded> {
  const { pathname, host } = new URL(load.url);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/json',
    `Content-Length: ${load.bodies.bytes}`,
    ...(load.isNewEach === true ? ['Connection: close'] : []),
    '\r\n',
  ].join('\r\n');
  const startMs = performance.now();
  const running: Running = {
    load,
    head,
    timesMs: [],
    failures: 0,
    begun: 0,
    endAtMs: startMs + load.seconds * 1000,
    due: [],
    idle: [],
  };
  const agents = Array.from({ length: load.connections }, () => agent(running));
  if (load.rate !== undefined) await pace(running, load.rate, startMs);
  await Promise.all(agents);
  const { timesMs, failures } = running;
  const sorted = Float64Array.from(timesMs).toSorted();
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  const seconds = (performance.now() - startMs) / 1000;
  return {
    pushes: timesMs.length,
    failures,
    seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    p999Ms: quantile(0.999),
  };
}

/** Assigns each due push to an idle agent. A push without one waits, and its time runs. */
async function pace({ due, idle, endAtMs }: Running, rate: number, startMs: number): Promise<void> {
  let count = 0;
  while (performance.now() < endAtMs) {
    for (; startMs + (count * 1000) / rate <= performance.now(); count += 1) due.push(startMs + (count * 1000) / rate);
    while (due.length > 0 && idle.length > 0) idle.pop()?.(due.shift() as number);
    await pause(1);
  }
  for (const one of idle.splice(0)) one(Infinity);
}

/** Returns when the next push of an agent is due, by performance.now; Infinity: none. */
function nextDue(running: Running): number | Promise<number> {
  const { load, due, idle, endAtMs } = running;
  const nowMs = performance.now();
  running.begun += 1;
  if (running.begun > (load.most ?? Infinity)) return Infinity;
  if (load.rate === undefined) return nowMs < endAtMs ? nowMs : Infinity;
  const next = due.shift();
  if (next !== undefined) return next;
  return nowMs < endAtMs ? new Promise((resolve) => idle.push(resolve)) : Infinity;
}

async function agent(running: Running): Promise<void> {
  const { load } = running;
  const { status: taken = 200 } = load;
  let socket: Socket | undefined;
  for (;;) {
    const next = nextDue(running);
    const dueAtMs = typeof next === 'number' ? next : await next;
    if (dueAtMs === Infinity) break;
    try {
      socket ??= await opened(load.url);
      const status = await exchange(socket, running.head, load.bodies.next());
      if (status === taken) running.timesMs.push(performance.now() - dueAtMs);
      else running.failures += 1;
    } catch {
      running.failures += 1;
      socket?.destroy();
      socket = undefined;
    }
    if (load.isNewEach === true) {
      socket?.destroy();
      socket = undefined;
    }
  }
  socket?.destroy();
}

function opened(url: string): Promise<Socket> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  return new Promise((resolve, reject) => {
    const socket = isTls
      ? connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => resolve(socket))
      : connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket));
    socket.on('error', reject);
  });
}

/** Returns the status of a complete answer. */
function exchange(socket: Socket, head: string, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const settle = (end: () => void): void => {
      socket.off('data', read).off('close', onClose);
      end();
    };
    const onClose = (): void => settle(() => reject(new Error('no answer')));
    const read = (data: Buffer): void => {
      answer += data.toString('latin1');
      if (isWhole(answer)) settle(() => resolve(Number(answer.slice(9, 12))));
    };
    socket.on('data', read).once('close', onClose);
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  });
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /content-length: (\d+)/i.exec(answer)?.[1];
  return length === undefined
    ? answer.endsWith('0\r\n\r\n') || /^HTTP\/1.1 (204|304)/.test(answer)
    : answer.length >= end + 4 + Number(length);
}
