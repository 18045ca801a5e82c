// Counts something per sender: its open connections, its requests in flight.

export interface SenderCounts {
  of(sender: string): number;
  add(sender: string): void;
  remove(sender: string): void;
}

/** Up to this size of the map, senders at zero stay: one that comes again and again costs no new entry. */
const maxIdleEntries = 1000;

export function senderCounts(): SenderCounts {
  const counts = new Map<string, { count: number }>();
  return {
    of: (sender) => counts.get(sender)?.count ?? 0,
    add(sender) {
      const entry = counts.get(sender);
      if (entry === undefined) counts.set(sender, { count: 1 });
      else entry.count += 1;
    },
    remove(sender) {
      const entry = counts.get(sender);
      if (entry === undefined) return;
      entry.count -= 1;
      if (entry.count === 0 && counts.size > maxIdleEntries) counts.delete(sender);
    },
  };
}
