// Finds files that are renamed to their final names before they are synced. After a loss of power their contents are
// undefined.

import type { FileNumber, StoreEvent } from './store-event.ts';

/** The final names. Segments are written with O_DSYNC, also those that are renamed. */
const counts = /^(checkpoint|\d+\.(keys|segment))$/;

/** Returns a line for each. */
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
