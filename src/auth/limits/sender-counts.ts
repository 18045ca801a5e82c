// Counts open connections or requests in flight by sender.

/** Up to this size, the map keeps senders whose count is zero, so that a returning sender needs no new entry. */
const maxIdleEntries = 1000;

export function senderCounts() {
  const counts = new Map<string, { count: number }>();
  return {
    of: (sender: string): number => counts.get(sender)?.count ?? 0,
    add(sender: string): void {
      const entry = counts.get(sender);
      if (entry === undefined) counts.set(sender, { count: 1 });
      else entry.count += 1;
    },
    remove(sender: string): void {
      const entry = counts.get(sender);
      if (entry === undefined) return;
      entry.count -= 1;
      if (entry.count === 0 && counts.size > maxIdleEntries) counts.delete(sender);
    },
  };
}
