// Counts the exits, OOM kills and restarts of containers from the engine's events.

import type { TimeUnit } from '../../model/point.ts';
import type { ContainerEvent } from './engine/engine.ts';
import { isNewTime, maxWaitMs } from './point-times.ts';

const eventFigures = ['restarts', 'oom_kills', 'exits'] as const;
export type EventFigure = (typeof eventFigures)[number];

/** The value of a counter after the events of one second (or one millisecond in unit ms). */
export interface Moment {
  readonly figure: EventFigure;
  /** ms since 1970 UTC; no other value of the counter has this time, unless the clock was set back. */
  readonly atMs: number;
  readonly value: number;
  readonly event: ContainerEvent;
  /** The number of events at this time. */
  readonly times: number;
}

export interface EventCounters {
  /** Says that events come in. Before that nothing is known, and no counter has a value. */
  begin(): void;
  record(event: ContainerEvent): void;
  /** Containers with events since the last call, with the events in order. */
  takeMoments(): ReadonlyMap<string, readonly Moment[]>;
  /** The counters of a container that have no point at `nowMs` yet; the caller makes points of them. */
  current(id: string, nowMs: number): readonly { readonly figure: EventFigure; readonly value: number }[];
  /** Forgets every other container. */
  keepOnly(ids: ReadonlySet<string>): void;
  totals(): { readonly exits: number; readonly oomKills: number; readonly restarts: number };
}

interface Counters {
  readonly values: Record<EventFigure, number>;
  /** The time of the last point of each counter. */
  readonly lastAtMs: Record<EventFigure, number>;
  hasExited: boolean;
  moments: Moment[];
}

/**
 * A container that starts again after an exit has restarted, whether by its restart policy or by hand. The engine's
 * `restart` event is of `docker restart` alone, and comes beside `die` and `start`.
 *
 * @param unit - of the points' time. Each point of a counter gets a time of its own: OpenTSDB cannot query an hour in
 *   which one second has two values of different length.
 */
export function eventCounters(unit: TimeUnit): EventCounters {
  const stepMs = unit === 's' ? 1000 : 1;
  const containers = new Map<string, Counters>();
  let hasBegun = false;
  const totals = { exits: 0, oomKills: 0, restarts: 0 };
  const countersOf = (id: string): Counters => {
    const counters = containers.get(id) ?? newCounters();
    containers.set(id, counters);
    return counters;
  };
  return {
    begin() {
      hasBegun = true;
    },
    record(event) {
      const counters = countersOf(event.id);
      const figure = figureOf(event.action, counters);
      if (figure === undefined) return;
      if (figure !== 'oom_kills') counters.hasExited = figure === 'exits';
      totals[figure === 'oom_kills' ? 'oomKills' : figure] += 1;
      count(counters, figure, event, stepMs);
    },
    takeMoments() {
      const taken = new Map<string, readonly Moment[]>();
      for (const [id, counters] of containers) {
        if (counters.moments.length > 0) taken.set(id, counters.moments);
        counters.moments = [];
      }
      return taken;
    },
    current(id, nowMs) {
      if (!hasBegun) return [];
      const { values, lastAtMs } = countersOf(id);
      const slotMs = Math.floor(nowMs / stepMs) * stepMs;
      const due = eventFigures.filter((figure) => isNewTime(slotMs, lastAtMs[figure], maxWaitMs));
      for (const figure of due) lastAtMs[figure] = slotMs;
      return due.map((figure) => ({ figure, value: values[figure] }));
    },
    keepOnly(ids) {
      for (const [id, { moments }] of containers) if (!ids.has(id) && moments.length === 0) containers.delete(id);
    },
    totals: () => ({ ...totals }),
  };
}

function newCounters(): Counters {
  return {
    values: { restarts: 0, oom_kills: 0, exits: 0 },
    lastAtMs: { restarts: 0, oom_kills: 0, exits: 0 },
    hasExited: false,
    moments: [],
  };
}

function figureOf(action: string, { hasExited }: Counters): EventFigure | undefined {
  if (action === 'oom') return 'oom_kills';
  if (action === 'die') return 'exits';
  return action === 'start' && hasExited ? 'restarts' : undefined;
}

function count(counters: Counters, figure: EventFigure, event: ContainerEvent, stepMs: number): void {
  const { moments, values, lastAtMs } = counters;
  values[figure] += 1;
  const value = values[figure];
  const slotMs = Math.floor(event.atMs / stepMs) * stepMs;
  const lastIndex = moments.findLastIndex((moment) => moment.figure === figure);
  const last = moments[lastIndex];
  if (last !== undefined && slotMs <= last.atMs) {
    moments[lastIndex] = { ...last, value, times: last.times + 1 };
    return;
  }
  // An event may be told after points of later times. Before them, its value would be followed by a lower one.
  const atMs = Math.max(slotMs, lastAtMs[figure] + stepMs);
  lastAtMs[figure] = atMs;
  moments.push({ figure, atMs, value, event, times: 1 });
}
