// The lines to send again after an outage of Carbon. Carbon caches points in memory, so that its crash loses the points
// of about the last minute. The window is bounded in time and bytes.

import type { Clock } from '../../runtime/clock.ts';

export interface ResendWindow {
  add(text: string): void;
  /** Carbon has read everything added so far. */
  markRead(): void;
  /** Carbon went away: everything in the window is due. It stays due for as long as Carbon is away. */
  markLost(): void;
  /** Returns the text to send again, oldest first; mostly empty. */
  due(): string;
  /** The due text has been sent. */
  markResent(): void;
}

interface Entry {
  readonly text: string;
  /** By the steady clock; Infinity until it is read. */
  readAtMs: number;
  isDue: boolean;
}

const maxAgeMs = 60_000;
const maxBytes = 8 * 2 ** 20;

export function resendWindow(clock: Clock): ResendWindow {
  let entries: Entry[] = [];

  function evict(): void {
    const sinceMs = clock.steady() - maxAgeMs;
    entries = entries.filter(({ isDue, readAtMs }) => isDue || readAtMs >= sinceMs);
    let excess = entries.reduce((sum, { text }) => sum + text.length, 0) - maxBytes;
    while (excess > 0) excess -= (entries.shift() as Entry).text.length;
  }

  return {
    add(text) {
      entries.push({ text, readAtMs: Infinity, isDue: false });
      evict();
    },
    markRead() {
      for (const each of entries) each.readAtMs = Math.min(each.readAtMs, clock.steady());
    },
    markLost() {
      evict();
      for (const each of entries) each.isDue = true;
    },
    due: () =>
      entries
        .filter(({ isDue }) => isDue)
        .map(({ text }) => text)
        .join(''),
    markResent() {
      for (const each of entries) each.isDue = false;
      evict();
    },
  };
}
