// Opens an engine: the requests of the source over kept connections.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { TimedOut, withTimeout } from '../../../runtime/deadline.ts';
import { turns } from '../../../runtime/turns.ts';
import type { EngineAddress } from './address.ts';
import { isObject } from '../../json-members.ts';
import { parseAnswer, parseLossless, textAt } from './answer.ts';
import { openConnection, type Connection } from './connection.ts';
import { containerDetails, listedContainers } from './containers.ts';
import { type ContainerEvent, type Engine, EngineError } from './engine.ts';
import { containerEvent, sinceOf } from './events.ts';
import { statusError } from './failure.ts';
import { shakeHands } from './handshake.ts';
import { firstObject, linesOf } from './json-stream.ts';
import { ask, bodyOf, openStream, type Exchange, type Question } from './request.ts';
import { timeLimits } from './time-limits.ts';
import { isAtLeast } from './versions.ts';

/** An engine has some kilobytes for each container in the listing. */
const maxListBytes = 32 * 1024 * 1024;
const maxBytes = 1024 * 1024;

export interface EngineOptions {
  readonly address: EngineAddress;
  readonly clock: Clock;
  /** For a whole answer; events are not bounded. docker-stats-to-backstop took 32 s. */
  readonly requestTimeoutMs: number;
  /** Requests for statistics at once. */
  readonly concurrency: number;
  /** Logs each answer at level debug. */
  readonly log?: Log;
}

/** Opens nothing by itself: `connect` does. Requests before that throw. */
export function openEngine(options: EngineOptions): Engine {
  const { address, concurrency } = options;
  const [limits, turn] = [timeLimits(options.clock), turns()];
  let session: Session | undefined;
  let connection: Connection | undefined;

  function current(): Session {
    if (session === undefined) throw new EngineError(`${address.text}: not connected`);
    return session;
  }

  return {
    address: address.text,
    async connect(signal) {
      const fresh = openConnection(address, concurrency);
      connection?.retire();
      connection = fresh;
      const { clock, requestTimeoutMs: timeoutMs, log } = options;
      const { authorization } = address;
      const exchange = { connection: fresh, authorization, clock, timeoutMs, timeLimits: limits, log };
      const info = await shakeHands(exchange, signal);
      session = { exchange, apiVersion: info.apiVersion, turn };
      return info;
    },
    containers: async (signal) => containersOf(current(), signal),
    details: async (id, signal) => detailsOf(current(), id, signal),
    stats: async (id, signal) => statsOf(current(), id, signal),
    events: (sinceNs, signal, onOpen) => eventsOf(current(), sinceNs, signal, onOpen),
    close() {
      connection?.destroy();
      session = undefined;
    },
  };
}

/** An engine after the handshake. */
interface Session {
  readonly exchange: Exchange;
  readonly apiVersion: string;
  /** Samples are read one in each iteration of the event loop: many come at once. */
  readonly turn: () => Promise<void>;
}

function question({ apiVersion }: Session, path: string, query: Readonly<Record<string, string>> = {}): Question {
  return { path: `/v${apiVersion}${path}`, query };
}

async function containersOf(session: Session, signal: AbortSignal): ReturnType<Engine['containers']> {
  const list = question(session, '/containers/json', { all: '1' });
  const { call, status, text } = await ask(session.exchange, list, { maxBytes: maxListBytes, signal });
  if (status !== 200) throw statusError(call, status, text);
  return listedContainers(call, parseAnswer(call, text));
}

async function detailsOf(session: Session, id: string, signal: AbortSignal): ReturnType<Engine['details']> {
  const inspect = question(session, `/containers/${encodeURIComponent(id)}/json`);
  const { call, status, text } = await ask(session.exchange, inspect, { maxBytes, signal, logged: withoutSecrets });
  if (status === 404) return undefined;
  if (status !== 200) throw statusError(call, status, text);
  return containerDetails(call, parseAnswer(call, text));
}

/** The environment and the arguments of a container hold secrets, so the log shows its state alone, or an error. */
function withoutSecrets(text: string): string {
  try {
    const answer: unknown = JSON.parse(text);
    return isObject(answer) ? JSON.stringify({ State: answer['State'], message: answer['message'] }) : '';
  } catch {
    return `${text.length} characters that are no JSON`;
  }
}

/**
 * `stream` exists from API 1.19 on, `one-shot` from 1.41 on (moby, docs/api/version-history.md). Older engines send
 * samples until the connection closes.
 */
async function statsOf(session: Session, id: string, signal: AbortSignal): Promise<unknown> {
  const path = `/containers/${encodeURIComponent(id)}/stats`;
  if (!isAtLeast(session.apiVersion, '1.19')) return firstSampleOf(session, path, signal);
  const oneShot = isAtLeast(session.apiVersion, '1.41') ? { 'one-shot': 'true' } : {};
  const sample = question(session, path, { stream: 'false', ...oneShot });
  const { call, status, text } = await ask(session.exchange, sample, { maxBytes, signal });
  if (status === 404 || status === 409) return undefined;
  if (status !== 200) throw statusError(call, status, text);
  await session.turn();
  // Podman sends 200 and nothing for a container that has stopped.
  return text.trim() === '' ? undefined : sampleOf(call, text);
}

async function firstSampleOf(session: Session, path: string, signal: AbortSignal): Promise<unknown> {
  const { exchange } = session;
  const { clock, timeoutMs } = exchange;
  try {
    return await withTimeout(clock, timeoutMs, signal, async (signal) => {
      const answer = await openStream(exchange, question(session, path), { isHeadTimed: false, signal });
      const text = await firstObject(answer.call, bodyOf(exchange, answer, signal), maxBytes);
      return sampleOf(answer.call, text);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EngineError)) {
      throw new EngineError(`GET /v${session.apiVersion}${path}: ${(error as Error).message}`, {
        isTimeout: error instanceof TimedOut,
        cause: error,
      });
    }
    if (error.status === 404 || error.status === 409) return undefined;
    throw error;
  }
}

/** Podman has sent 200 before it finds an error. */
function sampleOf(call: string, text: string): unknown {
  const sample = parseLossless(call, text);
  if (!isObject(sample)) throw new EngineError(`${call}: expected an object, found ${text.slice(0, 80)}`);
  const message = textAt(sample, 'message');
  if (message !== '' && sample['read'] === undefined) throw new EngineError(`${call}: ${message.slice(0, 200)}`);
  return sample;
}

/** Filters by type exist from API 1.22 on. Engines before that may send the head of the answer with the first event. */
async function* eventsOf(
  session: Session,
  sinceNs: string | undefined,
  signal: AbortSignal,
  onOpen: () => void = () => {},
): AsyncGenerator<ContainerEvent> {
  const { exchange, apiVersion } = session;
  const isTyped = isAtLeast(apiVersion, '1.22');
  const stream = question(session, '/events', {
    ...(sinceNs === undefined ? {} : { since: sinceOf(sinceNs, isAtLeast(apiVersion, '1.21')) }),
    ...(isTyped ? { filters: JSON.stringify({ type: ['container'] }) } : {}),
  });
  const answer = await openStream(exchange, stream, { isHeadTimed: isTyped, signal });
  onOpen();
  for await (const line of linesOf(answer.call, bodyOf(exchange, answer, signal), maxBytes)) {
    const event = containerEvent(answer.call, line);
    if (event !== undefined && !isBefore(event, sinceNs)) yield event;
  }
  signal.throwIfAborted();
}

/** Engines that know whole seconds alone send the events of the whole second again. */
function isBefore({ atNs }: ContainerEvent, sinceNs: string | undefined): boolean {
  if (sinceNs === undefined || atNs.endsWith('000000000')) return false;
  return BigInt(atNs) < BigInt(sinceNs);
}
