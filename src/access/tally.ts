// How many of something each sender has at this moment.

export interface Tally {
  of(sender: string): number;
  add(sender: string): void;
  remove(sender: string): void;
}

/** Holds only those that have some. */
export function tally(): Tally {
  const counts = new Map<string, { count: number }>();
  return {
    of: (sender) => counts.get(sender)?.count ?? 0,
    add(sender) {
      const own = counts.get(sender);
      if (own === undefined) counts.set(sender, { count: 1 });
      else own.count += 1;
    },
    remove(sender) {
      const own = counts.get(sender);
      if (own !== undefined && (own.count -= 1) === 0) counts.delete(sender);
    },
  };
}
