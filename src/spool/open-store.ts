// Opens the store: recovers the log and the run keys found in it.

import { Dedup } from './dedup/dedup.ts';
import { diskOf } from './disk/disk.ts';
import type { StoredRunKey } from './log/format.ts';
import { segmentAllocator } from './log/segment-allocator.ts';
import { recover } from './state/recovery.ts';
import { Store, type StoreOptions } from './store.ts';

/** @throws UnknownFormat */
export function openStore(options: StoreOptions): Store {
  const { directory, clock, disk = diskOf(directory), onScarcity = () => {}, firstTotals, write } = options;
  const segmentBytes = options.segmentBytes ?? defaultSegmentBytes(disk.sizeBytes(), options.maxBytes);
  const runs: [segment: number, run: StoredRunKey, atMs: number][] = [];
  const recovered = recover({ directory, clock, firstTotals, repairs: true, onRun: (...run) => void runs.push(run) });
  const dedup = new Dedup({ directory, clock, maxBytes: options.dedupMaxBytes, previousEndMs: recovered.lastAtMs });
  // `splice` empties the array, which the closures above keep for the life of the store.
  for (const [segment, run, atMs] of runs.splice(0)) dedup.restore(run, segment, atMs);
  const allocator = segmentAllocator(directory, segmentBytes);
  const log = { directory, clock, segmentBytes, allocator, dedup, recovered, firstTotals, write };
  return new Store({ ...log, disk, onScarcity });
}

const maxSegmentBytes = 8 << 20;
const minSegmentBytes = 64 << 10;

/** Long enough that segments are started rarely, short enough that the reserve of a small disk holds two. */
function defaultSegmentBytes(diskBytes: number, maxBytes: number): number {
  const wanted = Math.min(maxSegmentBytes, diskBytes / 32, maxBytes / 8);
  return Math.max(minSegmentBytes, 2 ** Math.floor(Math.log2(Math.max(1, wanted))));
}
