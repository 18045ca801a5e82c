// How many points each optional sink has missed, ever, counted in the store: skipped, or refused beyond what may be kept of it.

import type { Store } from './store.ts';

export interface Skipped {
  /** To be called inside a transaction of the store. */
  add(sinkName: string, points: number): void;
  of(sinkName: string): number;
}

/** Opens the count of a store. */
export function openSkipped(store: Store): Skipped {
  const keyOf = (sinkName: string): string => `skipped-${sinkName}`;
  const of = (sinkName: string): number => store.meta.get(keyOf(sinkName)) ?? 0;
  return {
    of,
    add(sinkName, points) {
      if (points > 0) store.meta.putSync(keyOf(sinkName), of(sinkName) + points);
    },
  };
}
