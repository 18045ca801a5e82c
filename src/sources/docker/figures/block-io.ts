// The block I/O figures of a sample.

import type { Figure } from './figure.ts';
import { addedFigure } from './figure-values.ts';
import { get } from '../../json-members.ts';
import { counterOf, entriesOf } from './json-fields.ts';

/**
 * Reads the bytes read and written since the start, over all devices. The engine lists a device with its first I/O:
 * an empty list is no figure, not 0. The operations are `Read` and `Write` with cgroup v1, lower case with v2.
 */
export function readBlockIo(stats: unknown): Figure[] {
  const entries = entriesOf(stats, 'blkio_stats', 'io_service_bytes_recursive');
  return [
    ...addedFigure('blkio.read_bytes', sumOf(entries, 'read')),
    ...addedFigure('blkio.write_bytes', sumOf(entries, 'write')),
  ];
}

/** Undefined without entries of the operation, and if one of them is not a counter. */
function sumOf(entries: readonly unknown[], operation: 'read' | 'write'): bigint | undefined {
  const counters = entries
    .filter((entry) => String(get(entry, 'op')).toLowerCase() === operation)
    .map((entry) => counterOf(entry, 'value'));
  if (counters.length === 0) return undefined;
  return counters.reduce<bigint | undefined>(
    (sum, counter) => (sum === undefined || counter === undefined ? undefined : sum + counter),
    0n,
  );
}
