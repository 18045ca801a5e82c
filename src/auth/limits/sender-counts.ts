// How many of something each sender has at this moment.

export interface SenderCounts {
  of(sender: string): number;
  add(sender: string): void;
  remove(sender: string): void;
}

/** So many that have none are held on to, so that who comes again and again costs little. */
const mostAtRest = 1000;

/** Holds those that have some, and a few that had. */
export function senderCounts(): SenderCounts {
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
      if (own === undefined) return;
      own.count -= 1;
      if (own.count === 0 && counts.size > mostAtRest) counts.delete(sender);
    },
  };
}
