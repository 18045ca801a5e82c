// A set of sequence numbers, most of them in long rows.

import type { Range } from './position.ts';

export interface Sequences {
  add(sequence: number): void;
  has(sequence: number): boolean;
  /** The rows in order. */
  rows(): readonly Range[];
  /** What of `range` is not in it, in order. */
  missing(range: Range): Generator<number>;
}

export function sequences(): Sequences {
  const rows: [from: number, through: number][] = [];

  /** The first row that ends at or behind the sequence number. */
  function indexOf(sequence: number): number {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((rows[middle] as Range)[1] < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function has(sequence: number): boolean {
    const row = rows[indexOf(sequence)];
    return row !== undefined && row[0] <= sequence;
  }

  return {
    has,
    rows: () => rows,
    add(sequence) {
      if (has(sequence)) return;
      const index = indexOf(sequence);
      const [before, after] = [rows[index - 1], rows[index]];
      const [joinsBefore, joinsAfter] = [before?.[1] === sequence - 1, after?.[0] === sequence + 1];
      if (before !== undefined && joinsBefore) {
        before[1] = after !== undefined && joinsAfter ? after[1] : sequence;
        if (joinsAfter) rows.splice(index, 1);
      } else if (after !== undefined && joinsAfter) {
        after[0] = sequence;
      } else {
        rows.splice(index, 0, [sequence, sequence]);
      }
    },
    *missing([from, through]) {
      let next = from;
      for (const [first, last] of rows) {
        for (; next < first && next <= through; next += 1) yield next;
        next = Math.max(next, last + 1);
      }
      for (; next <= through; next += 1) yield next;
    },
  };
}
