// Deletes the records that no sink needs any more, so many at a time that nobody waits for it.

import { forgetDeleted } from './damaged-records.ts';
import type { SpoolState } from './state.ts';

/** A drop can leave millions to be deleted. */
const mostAtOnce = 5000;

/** To be called inside a transaction: deletes records that no sink needs any more. Whether there may be more of them. */
export function deleteFinished(state: SpoolState): boolean {
  const all = [...state.positions.values()];
  const through = Math.min(state.head.sequence, ...all.flatMap((position) => (position.gone === undefined ? [position.through] : [])));
  const held = all.flatMap(({ gone, through: from }) => (gone === undefined ? [] : [[from, gone.through] as const]));
  let left = mostAtOnce;
  let sequence = state.deletedThrough + 1;
  for (; sequence <= through && left > 0; sequence += 1) {
    const holder = held.find(([from, last]) => sequence > from && sequence <= last);
    if (holder === undefined) state.store.records.removeSync(sequence);
    else sequence = holder[1];
    left -= 1;
  }
  state.deletedThrough = Math.max(state.deletedThrough, Math.min(through, sequence - 1));
  if (state.losses.damaged.size > 0) forgetDeleted(state);
  return state.deletedThrough < through;
}
