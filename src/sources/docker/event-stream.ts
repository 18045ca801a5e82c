// Follows the engine's events: counts them, and makes the next poll read the details of containers that changed.

import { backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Connection } from './connection.ts';
import type { ContainerStates } from './container-states.ts';
import { type ContainerEvent, type Engine, EngineError, type ListedContainer } from './engine/engine.ts';
import type { EventCounters } from './event-counters.ts';

export interface EventStream {
  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** While it is not open, details must be read at each poll. */
  isOpen(): boolean;
  lastError(): string | undefined;
}

interface EventStreamOptions {
  readonly engine: Pick<Engine, 'events' | 'address'>;
  readonly connection: Pick<Connection, 'open' | 'lost'>;
  readonly states: Pick<ContainerStates, 'forgetDetails'>;
  readonly counters: Pick<EventCounters, 'begin' | 'record'>;
  readonly isSelected: (event: ContainerEvent) => boolean;
  /** A container of the last listing. */
  readonly listed: (id: string) => ListedContainer | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** The longest pause before the stream is opened again. */
const maxPauseMs = 30_000;
/** The same after a refusal, which a proxy repeats until it is configured otherwise. */
const maxRefusalPauseMs = 300_000;

interface State extends EventStreamOptions {
  isOpen: boolean;
  lastError: string | undefined;
  isRefusalLogged: boolean;
  /** Of the newest event. */
  lastNs: string | undefined;
  /** The events of that time. Before API 1.21 a time is a whole second. */
  readonly atLastNs: Set<string>;
  /** A resumed stream begins there: at the newest event, or when the first stream was opened. */
  sinceNs: string | undefined;
  /** What this stream may repeat: the events until the newest of the streams before it. */
  repeatedNs: string | undefined;
  repeated: ReadonlySet<string>;
}

export function eventStream(options: EventStreamOptions): EventStream {
  const state: State = {
    ...options,
    isOpen: false,
    lastError: undefined,
    isRefusalLogged: false,
    lastNs: undefined,
    atLastNs: new Set(),
    sinceNs: undefined,
    repeatedNs: undefined,
    repeated: new Set(),
  };
  return {
    run: (signal) => run(state, signal),
    isOpen: () => state.isOpen,
    lastError: () => state.lastError,
  };
}

async function run(state: State, signal: AbortSignal): Promise<void> {
  const { clock, random } = state;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await follow(state, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (state.isOpen) {
        attempt = 1;
        // It may be another version that comes back.
        state.connection.lost();
      }
      state.isOpen = false;
      state.lastError = (error as Error).message;
    }
    const capMs = state.isRefusalLogged ? maxRefusalPauseMs : maxPauseMs;
    await clock.sleep(backoff(attempt, random, { baseMs: 500, capMs }), { signal }).catch(() => {});
  }
}

async function follow(state: State, signal: AbortSignal): Promise<void> {
  await state.connection.open(signal);
  try {
    for await (const event of state.engine.events(state.sinceNs, signal, () => opened(state))) record(state, event);
  } catch (error) {
    logRefusal(state, error);
    throw error;
  }
  throw new Error('the engine ended the stream');
}

function opened(state: State): void {
  state.isOpen = true;
  state.isRefusalLogged = false;
  state.lastError = undefined;
  state.counters.begin();
  state.sinceNs ??= `${Math.floor(state.clock.now())}000000`;
  state.repeatedNs = state.lastNs;
  state.repeated = new Set(state.atLastNs);
  // Changes since the last stream may be missing in this one.
  state.states.forgetDetails();
}

function record(state: State, event: ContainerEvent): void {
  if (isRepeated(state, event)) return;
  // The engine takes the time before it puts an event in order: of two at once, the earlier may come second.
  if (isAfter(event.atNs, state.lastNs)) {
    state.lastNs = event.atNs;
    state.sinceNs = event.atNs;
    state.atLastNs.clear();
  }
  if (event.atNs === state.lastNs) state.atLastNs.add(keyOf(event));
  state.states.forgetDetails(event.id);
  const asPolled = asListed(event, state.listed(event.id));
  if (state.isSelected(asPolled)) state.counters.record(asPolled);
}

/**
 * With the image and labels of the listing, so that a counter is one series with the points of polls: an event tells the
 * image that the container was made of, and the listing its id once that name is another image's. Before API 1.22 an
 * event has neither name nor labels.
 */
function asListed(event: ContainerEvent, listed: ListedContainer | undefined): ContainerEvent {
  if (listed === undefined) return event;
  const { image, labels } = listed;
  return { ...event, name: event.name === event.id ? listed.name : event.name, image, labels };
}

function isRepeated({ repeatedNs, repeated }: State, event: ContainerEvent): boolean {
  if (repeatedNs === undefined || isAfter(event.atNs, repeatedNs)) return false;
  return event.atNs !== repeatedNs || repeated.has(keyOf(event));
}

function isAfter(atNs: string, otherNs: string | undefined): boolean {
  return otherNs === undefined || BigInt(atNs) > BigInt(otherNs);
}

function keyOf({ id, action }: ContainerEvent): string {
  return `${action} ${id}`;
}

/** A proxy answers these while the engine is away. */
const awayStatuses: readonly number[] = [502, 503, 504];

/** The poll logs an engine that does not answer. */
function logRefusal(state: State, error: unknown): void {
  const { engine, log } = state;
  if (!(error instanceof EngineError) || error.status === undefined || awayStatuses.includes(error.status)) return;
  if (state.isRefusalLogged) return;
  state.isRefusalLogged = true;
  const consequence = 'exits, OOM kills and restarts are not counted';
  log.warn({ address: engine.address, reason: error.message }, `the Docker engine tells no events; ${consequence}`);
}
