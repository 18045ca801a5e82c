// Counts dead letters and samples by kind, in chunks between other work, and only after their number has changed.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LetterKinds } from './status-message.ts';

/** The spool's store of dead letters, or of samples; read in chunks in the order of ids. */
export interface LetterStore {
  count(): number;
  after(
    last: { readonly id: string; readonly order: number } | undefined,
  ): readonly { readonly id: string; readonly kind: string; readonly order: number }[];
}

const maxCounted = 5000;
const everyMs = 5000;

/** Returns a function that returns the latest counts, and starts a new count when one is due. */
export function letterCounts(stores: readonly LetterStore[]): (steadyMs: number) => LetterKinds {
  let kinds: LetterKinds = { counts: {}, isMore: false };
  let lastTotal = 0;
  let dueMs = 0;
  let isCounting = false;
  const total = (): number => stores.reduce((sum, letters) => sum + letters.count(), 0);

  async function recount(): Promise<void> {
    const counts: Record<string, number> = {};
    let counted = 0;
    for (const letters of stores) {
      let chunk = letters.after(undefined);
      while (chunk.length > 0 && counted < maxCounted) {
        for (const { kind } of chunk) counts[kind] = (counts[kind] ?? 0) + 1;
        counted += chunk.length;
        await nextTurn();
        chunk = letters.after(chunk.at(-1));
      }
    }
    kinds = { counts, isMore: total() > counted };
  }

  return (steadyMs) => {
    const count = total();
    if (!isCounting && steadyMs >= dueMs && count !== lastTotal) {
      isCounting = true;
      dueMs = steadyMs + everyMs;
      lastTotal = count;
      // The store may fail, or be closed meanwhile. The next count retries.
      recount()
        .catch(() => void (lastTotal = -1))
        .finally(() => void (isCounting = false));
    }
    return kinds;
  };
}
