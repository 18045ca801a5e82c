// The events of a simulated engine: the last 256, and those that come, to every reader.

import type { SimulatedContainer } from './container.ts';
import { isAtLeast } from './go-text.ts';

/** The engine keeps as many (moby, daemon/events/events.go). */
const maxKept = 256;

export interface SimulatedEvent {
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly atNs: bigint;
}

export interface EventLog {
  /** An event of a container, with the attributes that its action adds to the labels, the image and the name. */
  record(container: SimulatedContainer, action: string, attributes?: Readonly<Record<string, string>>): void;
  /** The kept events from a time on, that time included. */
  since(atNs: bigint): readonly SimulatedEvent[];
  /** Calls the reader with every event to come. Returns the function that ends it. */
  read(reader: (event: SimulatedEvent) => void): () => void;
  readers(): number;
}

/** @param now - ms since 1970 UTC */
export function eventLog(now: () => number): EventLog {
  const kept: SimulatedEvent[] = [];
  const readers = new Set<(event: SimulatedEvent) => void>();
  let lastNs = 0n;
  return {
    record({ id, name, spec }, action, attributes = {}) {
      // Events of the same millisecond differ by a nanosecond.
      const nowNs = BigInt(Math.floor(now())) * 1_000_000n;
      lastNs = nowNs > lastNs ? nowNs : lastNs + 1n;
      const image = spec.image ?? 'busybox:1';
      const all = Object.entries({ ...spec.labels, ...attributes, image, name });
      const sorted = Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
      const event = { type: 'container', action, id, attributes: sorted, atNs: lastNs };
      kept.push(event);
      if (kept.length > maxKept) kept.shift();
      for (const reader of readers) reader(event);
    },
    since: (atNs) => kept.filter((event) => event.atNs >= atNs),
    read(reader) {
      readers.add(reader);
      return () => void readers.delete(reader);
    },
    readers: () => readers.size,
  };
}

/**
 * The value of an event's JSON. Before API 1.22 there are status, id, from and time alone, from 1.21 on with
 * nanoseconds; from 1.52 on, status, id and from are gone.
 */
export function eventBody({ type, action, id, attributes, atNs }: SimulatedEvent, apiVersion: string): object {
  const old = { status: action, id, from: attributes['image'] };
  const seconds = Number(atNs / 1_000_000_000n);
  const times = { time: seconds, ...(isAtLeast(apiVersion, '1.21') ? { timeNano: atNs } : {}) };
  if (!isAtLeast(apiVersion, '1.22')) return { ...old, ...times };
  const event = { Type: type, Action: action, Actor: { ID: id, Attributes: attributes }, scope: 'local', ...times };
  return isAtLeast(apiVersion, '1.52') ? event : { ...old, ...event };
}
