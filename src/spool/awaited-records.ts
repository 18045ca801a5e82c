// Whether every record that a sink waits for is in the store: one that is not there would be passed over.

import { nextUnfinished, type Position } from './position.ts';
import type { Sequences } from './sequences.ts';

/** The first record that is waited for and not there; undefined when there is none. */
export function firstMissing(records: Sequences, positions: readonly Position[]): number | undefined {
  const last = Math.max(0, records.rows().at(-1)?.[1] ?? 0, ...positions.flatMap(endsOf));
  for (const position of positions) {
    const end = Math.min(position.gone?.through ?? last, last);
    for (let next = nextUnfinished(position, 0); next.from <= end; next = nextUnfinished(position, next.before)) {
      const [missing] = records.missing([next.from, Math.min(next.before - 1, end)]);
      if (missing !== undefined) return missing;
    }
  }
  return undefined;
}

/** Records that were there once. */
function endsOf({ through, finished }: Position): number[] {
  return [through, ...finished.map(([, last]) => last)];
}
