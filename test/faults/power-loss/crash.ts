// A power loss, played: what the store's file holds when the power goes at some moment. What was synced before is there; of
// what was written since, any part may be, in units of a sector.

import type { StoreEvent } from './recording.ts';

export interface Crash {
  /** What the disk holds. */
  readonly file: Buffer;
  /** The pushes that had been answered 200 by then, by their timestamps. */
  readonly answered: readonly string[];
}

const sectorBytes = 512;

/**
 * The power goes after `count` events, the last of which may not have ended.
 *
 * @param before - the file when the recording began
 * @param share - how likely each sector that was written and not synced is there, 0 to 1
 */
export function crashAfter(events: readonly StoreEvent[], count: number, before: Buffer, share: number, random: () => number): Crash {
  const passed = events.slice(0, count);
  const lastSync = passed.findLastIndex(({ kind }) => kind === 'sync');
  const answered = passed.flatMap((event) => (event.kind === 'answered' ? [event.timestamp] : []));
  let file = Buffer.from(before);
  for (const [index, event] of passed.entries()) {
    if (event.kind === 'truncate') file = Buffer.concat([file.subarray(0, event.length), Buffer.alloc(Math.max(0, event.length - file.length))]);
    if (event.kind !== 'write') continue;
    const { offset, bytes } = event;
    const isThere = index < lastSync || (event.isSynced && index < count - 1);
    if (file.length < offset + bytes.length) file = Buffer.concat([file, Buffer.alloc(offset + bytes.length - file.length)]);
    for (let at = 0; at < bytes.length; at += sectorBytes) {
      if (isThere || random() < share) bytes.copy(file, offset + at, at, Math.min(bytes.length, at + sectorBytes));
    }
  }
  return { file, answered };
}
