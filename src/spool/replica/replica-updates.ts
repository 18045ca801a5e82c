// Snapshots and deltas of the store for a replica in another thread: plain values that can be sent.

import type { Clock } from '../../runtime/clock.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import type { Position } from '../readers/position.ts';
import type { Change } from '../state/change.ts';
import type { RetryEntry } from '../state/state.ts';
import type { Store } from '../store.ts';
import { durableEndMemory, sharedDurableEnd } from './durable-end.ts';

/** A due time relative to now: threads have different steady clocks, and the wall clock may be set. */
export interface SharedRetry extends Omit<RetryEntry, 'dueAtMs'> {
  readonly dueInMs: number;
}

export interface StoreSnapshot {
  readonly directory: string;
  readonly end: SharedArrayBuffer;
  readonly segments: readonly SegmentEntry[];
  readonly positions: readonly (readonly [sink: string, position: Position])[];
  readonly retries: readonly (readonly [sink: string, entries: readonly (readonly [number, SharedRetry])[]])[];
}

/** Absent members have not changed. */
export interface StoreDelta {
  /** The whole table. */
  readonly segments?: readonly SegmentEntry[];
  readonly positions?: Change['positions'];
  readonly emptied?: Change['emptied'];
  readonly kept?: readonly (readonly [sink: string, sequence: number, entry: SharedRetry])[];
  readonly noRetries?: Change['noRetries'];
}

export interface SharedStore {
  snapshot(): StoreSnapshot;
  /** Sets the only listener. `wake` is called when the waiting reader should read. */
  listen(listener: { readonly changed: (delta: StoreDelta) => void; readonly wake: () => void }): void;
}

export function sharedStore(store: Store): SharedStore {
  const { directory, clock } = store;
  const memory = durableEndMemory();
  const end = sharedDurableEnd(memory);
  let listener: Parameters<SharedStore['listen']>[0] | undefined;
  store.onDurable(() => {
    end.write(store.durableEnd());
    if (end.takeWaiting()) listener?.wake();
  });
  store.onChange((change) => {
    const delta = listener && deltaOf(store, change);
    if (delta !== undefined) listener?.changed(delta);
  });
  return {
    snapshot() {
      end.write(store.durableEnd());
      const retries = [...store.state.retries].map(([sink, entries]) => {
        const shared = [...entries].map(([sequence, entry]) => [sequence, sharedRetry(entry, clock)] as const);
        return [sink, shared] as const;
      });
      const [segments, positions] = [[...store.segments()], [...store.state.positions]];
      return { directory, end: memory, segments, positions, retries };
    },
    listen: (given) => void (listener = given),
  };
}

function sharedRetry({ dueAtMs, ...entry }: RetryEntry, clock: Pick<Clock, 'steady'>): SharedRetry {
  return { ...entry, dueInMs: dueAtMs - clock.steady() };
}

/** Returns undefined if the change does not concern readers. */
function deltaOf(store: Store, change: Change | 'segments'): StoreDelta | undefined {
  if (change === 'segments') return { segments: [...store.segments()] };
  const { positions, emptied, retries, noRetries } = change;
  if (positions === undefined && emptied === undefined && retries === undefined && noRetries === undefined)
    return undefined;
  const kept = retries?.flatMap(({ sink, sequence }) => {
    const entry = store.state.retries.get(sink)?.get(sequence);
    return entry === undefined ? [] : [[sink, sequence, sharedRetry(entry, store.clock)] as const];
  });
  return {
    ...(positions && { positions }),
    ...(emptied && { emptied }),
    ...(kept && { kept }),
    ...(noRetries && { noRetries }),
  };
}
