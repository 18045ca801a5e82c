// Splits a list into the groups of several requests.

/** Keeps the order. An item above the bound becomes a separate group. */
export function requestGroups<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
  maxBytes: number,
  maxItems = Infinity,
): Item[][] {
  const groups: Item[][] = [];
  let groupBytes = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    const last = groups.at(-1);
    groupBytes += bytes;
    if (last !== undefined && last.length < maxItems && groupBytes <= maxBytes) last.push(item);
    else {
      groups.push([item]);
      groupBytes = bytes;
    }
  }
  return groups;
}
