// Follows the engine's events: counts them, and makes the next poll read the details of containers that changed.

import { backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Connection } from './connection.ts';
import type { ContainerStates } from './container-states.ts';
import { type ContainerEvent, type Engine, EngineError } from './engine/engine.ts';
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
  readonly connection: Pick<Connection, 'open'>;
  readonly states: Pick<ContainerStates, 'forgetDetails'>;
  readonly counters: Pick<EventCounters, 'record'>;
  readonly isSelected: (event: ContainerEvent) => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** The longest pause before the stream is opened again. */
const maxPauseMs = 30_000;
/** The same after a refusal, which a proxy repeats until it is configured otherwise. */
const maxRefusalPauseMs = 300_000;

export function eventStream(options: EventStreamOptions): EventStream {
  const { engine, connection, states, counters, isSelected, clock, random, log } = options;
  let isOpen = false;
  let lastError: string | undefined;
  let isRefusalLogged = false;
  /** Of the last event. */
  let lastNs: string | undefined;
  /** A resumed stream begins there: at the last event, or when the first stream was opened. */
  let sinceNs: string | undefined;

  function opened(): void {
    isOpen = true;
    isRefusalLogged = false;
    lastError = undefined;
    sinceNs ??= `${Math.floor(clock.now())}000000`;
    // Changes since the last stream may be missing in this one.
    states.forgetDetails();
  }

  function record(event: ContainerEvent): void {
    if (lastNs !== undefined && BigInt(event.atNs) <= BigInt(lastNs)) return;
    lastNs = event.atNs;
    sinceNs = event.atNs;
    states.forgetDetails(event.id);
    if (isSelected(event)) counters.record(event);
  }

  /** The poll logs an engine that does not answer. */
  function failed(error: Error): void {
    lastError = error.message;
    if (!(error instanceof EngineError) || error.status === undefined || isRefusalLogged) return;
    isRefusalLogged = true;
    const consequence = 'exits, OOM kills and restarts are not counted';
    log.warn({ address: engine.address, reason: error.message }, `the Docker engine tells no events; ${consequence}`);
  }

  async function follow(signal: AbortSignal): Promise<void> {
    await connection.open(signal);
    for await (const event of engine.events(sinceNs, signal, opened)) record(event);
    throw new Error('the engine ended the stream');
  }

  return {
    async run(signal) {
      for (let attempt = 1; !signal.aborted; attempt += 1) {
        try {
          await follow(signal);
        } catch (error) {
          if (signal.aborted) return;
          if (isOpen) attempt = 1;
          isOpen = false;
          failed(error as Error);
        }
        const capMs = isRefusalLogged ? maxRefusalPauseMs : maxPauseMs;
        await clock.sleep(backoff(attempt, random, { baseMs: 500, capMs }), { signal }).catch(() => {});
      }
    },
    isOpen: () => isOpen,
    lastError: () => lastError,
  };
}
