// Files that are renamed to where they count before what was written to them is synced: after a loss of power they may hold anything.

import type { FileNumber, StoreEvent } from './store-event.ts';

/** What counts once it has its name; segments are written through O_DSYNC, and so are what takes their names. */
const counts = /^(checkpoint|\d+\.(keys|segment))$/;

/** A line for each of them. */
export function namedUnsynced(events: readonly StoreEvent[]): string[] {
  const files = new Map<string, FileNumber>();
  const written = new Set<FileNumber>();
  const faults: string[] = [];
  for (const event of events) {
    if (event.kind === 'create') files.set(event.name, event.file);
    if (event.kind === 'write' && !event.isSynced) written.add(event.file);
    if (event.kind === 'sync' && event.file !== 'directory') written.delete(event.file);
    if (event.kind !== 'rename') continue;
    const file = files.get(event.from);
    files.delete(event.from);
    if (file === undefined) continue;
    files.set(event.to, file);
    if (counts.test(event.to) && written.has(file))
      faults.push(`${event.from} is renamed to ${event.to} before it is synced`);
  }
  return faults;
}
