// Counts dead letters and samples by kind: a few thousand in turns, seldom, and only where their number has changed.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LetterKinds } from './status-message.ts';

/** Letters as the spool has them, read in turns in the order of their ids. */
export interface CountedLetters {
  count(): number;
  after(
    last: { readonly id: string; readonly order: number } | undefined,
  ): readonly { readonly id: string; readonly kind: string; readonly order: number }[];
}

export interface LetterCounts {
  /** As they were counted last; counts anew when that is due. */
  kinds(steadyMs: number): LetterKinds;
}

const mostCounted = 5000;
const everyMs = 5000;

/** Dead letters and samples, a store each. */
export function letterCounts(stores: readonly CountedLetters[]): LetterCounts {
  let kinds: LetterKinds = { counts: {}, isMore: false };
  let countedLetters = 0;
  let dueMs = 0;
  let isCounting = false;

  async function recount(): Promise<void> {
    const counts: Record<string, number> = {};
    let counted = 0;
    for (const letters of stores) {
      for (
        let turn = letters.after(undefined);
        turn.length > 0 && counted < mostCounted;
        turn = letters.after(turn.at(-1))
      ) {
        for (const { kind } of turn) counts[kind] = (counts[kind] ?? 0) + 1;
        counted += turn.length;
        await nextTurn();
      }
    }
    kinds = { counts, isMore: stores.reduce((sum, letters) => sum + letters.count(), 0) > counted };
  }

  return {
    kinds(steadyMs) {
      const count = stores.reduce((sum, letters) => sum + letters.count(), 0);
      if (!isCounting && steadyMs >= dueMs && count !== countedLetters) {
        isCounting = true;
        dueMs = steadyMs + everyMs;
        countedLetters = count;
        // A store that fails or is closing under it is asked again the next time.
        recount()
          .catch(() => void (countedLetters = -1))
          .finally(() => void (isCounting = false));
      }
      return kinds;
    },
  };
}
