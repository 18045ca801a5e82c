// What a thread that reads the log has to know of it, and the changes of that: plain values, which can be sent.

import type { Clock } from '../../runtime/clock.ts';
import type { Change } from '../state/change.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import type { Position } from '../readers/position.ts';
import { sharedDurableEnd, durableEndMemory } from './durable-end.ts';
import type { RetryEntry } from '../state/state.ts';
import type { Store } from '../store.ts';

/** The steady clocks of threads begin at other instants, and the wall clock may be set while a message is on its way. */
export interface SharedRetry extends Omit<RetryEntry, 'dueAtMs'> {
  /** From now on. */
  readonly dueInMs: number;
}

export interface StoreSnapshot {
  readonly directory: string;
  readonly end: SharedArrayBuffer;
  readonly segments: readonly SegmentEntry[];
  readonly positions: readonly (readonly [sink: string, position: Position])[];
  readonly retries: readonly (readonly [
    sink: string,
    entries: readonly (readonly [sequence: number, entry: SharedRetry])[],
  ])[];
}

/** What is absent has not changed. */
export interface StoreDelta {
  /** All of them. */
  readonly segments?: readonly SegmentEntry[];
  readonly positions?: Change['positions'];
  readonly emptied?: Change['emptied'];
  readonly kept?: readonly (readonly [sink: string, sequence: number, entry: SharedRetry])[];
  readonly noRetries?: Change['noRetries'];
}

export interface SharedStore {
  snapshot(): StoreSnapshot;
  /** One listener: told of each delta, and to wake the reader that waits. */
  listen(listener: { readonly changed: (delta: StoreDelta) => void; readonly wake: () => void }): void;
}

export function sharedStore(store: Store, directory: string): SharedStore {
  const memory = durableEndMemory();
  const end = sharedDurableEnd(memory);
  let told: Parameters<SharedStore['listen']>[0] | undefined;
  store.onDurable(() => {
    end.write(store.durableEnd());
    if (end.takeWaiting()) told?.wake();
  });
  store.onChange((change) => {
    const delta = told && deltaOf(store, change);
    if (delta !== undefined) told?.changed(delta);
  });
  return {
    snapshot() {
      end.write(store.durableEnd());
      const { positions, retries } = store.state;
      return {
        directory,
        end: memory,
        segments: [...store.segments()],
        positions: [...positions],
        retries: [...retries].map(
          ([sink, entries]) =>
            [sink, [...entries].map(([sequence, entry]) => [sequence, shared(entry, store.clock)] as const)] as const,
        ),
      };
    },
    listen: (listener) => void (told = listener),
  };
}

function shared({ dueAtMs, ...entry }: RetryEntry, clock: Pick<Clock, 'steady'>): SharedRetry {
  return { ...entry, dueInMs: dueAtMs - clock.steady() };
}

/** Undefined: nothing that a reader needs. */
function deltaOf({ clock, segments, state }: Store, change: Change | 'segments'): StoreDelta | undefined {
  if (change === 'segments') return { segments: [...segments()] };
  const { positions, emptied, retries, noRetries } = change;
  if (positions === undefined && emptied === undefined && retries === undefined && noRetries === undefined)
    return undefined;
  const kept = retries?.flatMap(({ sink, sequence }) => {
    const entry = state.retries.get(sink)?.get(sequence);
    return entry === undefined ? [] : [[sink, sequence, shared(entry, clock)] as const];
  });
  return {
    ...(positions && { positions }),
    ...(emptied && { emptied }),
    ...(kept && { kept }),
    ...(noRetries && { noRetries }),
  };
}
