// What Carbon has read lately and may not have on disk yet: it keeps points in memory first, and a kill or a crash loses those.

import type { Clock } from '../../runtime/clock.ts';

export interface ResendWindow {
  /** These are on their way. */
  sent(text: string): void;
  /** Carbon has read all that was sent. */
  read(): void;
  /** Carbon was seen to go away: what it has not read, or read within the last while, is owed to it again. */
  lost(): void;
  /** What is owed, oldest first; empty mostly. */
  owed(): string;
  /** What was owed has been sent again. */
  repaid(): void;
}

interface Kept {
  readonly text: string;
  /** By the steady clock; Infinity: not yet. */
  readAtMs: number;
  isOwed: boolean;
}

/** Bounds on what is sent again; what was read longer ago, or is more, is not. */
const recentMs = 60_000;
const recentBytes = 8 * 2 ** 20;

/** What was owed when Carbon went away stays owed however long it is away, within the bound of bytes. */
export function resendWindow(clock: Clock, { maxMs = recentMs, maxBytes = recentBytes } = {}): ResendWindow {
  let kept: Kept[] = [];

  function tidy(): void {
    const sinceMs = clock.steady() - maxMs;
    kept = kept.filter(({ isOwed, readAtMs }) => isOwed || readAtMs >= sinceMs);
    let excess = kept.reduce((sum, { text }) => sum + text.length, 0) - maxBytes;
    while (excess > 0) excess -= (kept.shift() as Kept).text.length;
  }

  return {
    sent(text) {
      kept.push({ text, readAtMs: Infinity, isOwed: false });
      tidy();
    },
    read() {
      for (const each of kept) each.readAtMs = Math.min(each.readAtMs, clock.steady());
    },
    lost() {
      tidy();
      for (const each of kept) each.isOwed = true;
    },
    owed: () =>
      kept
        .filter(({ isOwed }) => isOwed)
        .map(({ text }) => text)
        .join(''),
    repaid() {
      for (const each of kept) each.isOwed = false;
      tidy();
    },
  };
}
