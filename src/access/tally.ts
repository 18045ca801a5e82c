// How many of something each sender has at this moment.

export interface Tally {
  of(sender: string): number;
  add(sender: string): void;
  remove(sender: string): void;
}

/** Holds only those that have some. */
export function tally(): Tally {
  const counts = new Map<string, number>();
  return {
    of: (sender) => counts.get(sender) ?? 0,
    add: (sender) => void counts.set(sender, (counts.get(sender) ?? 0) + 1),
    remove(sender) {
      const left = (counts.get(sender) ?? 1) - 1;
      if (left === 0) counts.delete(sender);
      else counts.set(sender, left);
    },
  };
}
