// The state of the simulated OpenTSDB, shared by HTTP and telnet: names, storage, the last points and counts.

import type { DataPoint } from '../../model/point.ts';
import { checkPut, unitOf, type ReceivedPut } from './rules.ts';
import type { StoredAnnotation } from './annotation.ts';
import type { Uids } from './uids.ts';

/** `failed` is the error message, such as `Storage exception: Call queue is full` or `Please throttle`. */
export type StorageOutcome = 'stored' | { readonly failed: string };

/** Stores a point. A storage that hangs returns a promise that never resolves. */
export type Storage = (point: DataPoint) => StorageOutcome | Promise<StorageOutcome>;

export interface TsdCounts {
  connections: number;
  /** Telnet lines of more than 1024 bytes. OpenTSDB accepts one or closes the connection, depending on TCP's segments. */
  longLines: number;
  /** Points stored. */
  accepted: number;
  /** Points refused for their contents or for unknown names. */
  refused: number;
  /** Telnet commands other than put, by their first word. */
  readonly commands: Map<string, number>;
}

export interface TsdStore {
  readonly uids: Uids;
  readonly counts: TsdCounts;
  /** By start, ms since 1970 UTC. */
  readonly annotations: Map<number, StoredAnnotation>;
  /** The last points stored, oldest first. */
  points(): readonly DataPoint[];
  /**
   * Checks a put, resolves its names and hands it to the storage.
   *
   * @throws RefusedPut before the point reaches the storage
   */
  add(put: ReceivedPut): StorageOutcome | Promise<StorageOutcome>;
}

export interface TsdStoreOptions {
  readonly uids: Uids;
  readonly maxTags: number;
  readonly storage: Storage;
  readonly onPoint: (point: DataPoint) => void;
  readonly rememberedPoints: number;
}

export function tsdStore({ uids, maxTags, storage, onPoint, rememberedPoints }: TsdStoreOptions): TsdStore {
  const counts: TsdCounts = { connections: 0, longLines: 0, accepted: 0, refused: 0, commands: new Map() };
  let points: DataPoint[] = [];

  function settle(point: DataPoint, outcome: StorageOutcome): StorageOutcome {
    if (outcome !== 'stored') return outcome;
    counts.accepted += 1;
    if (rememberedPoints > 0) points.push(point);
    if (points.length > 2 * rememberedPoints) points = points.slice(-rememberedPoints);
    onPoint(point);
    return outcome;
  }

  function resolve(put: ReceivedPut): DataPoint {
    checkPut(put, maxTags);
    const metric = uids.resolve('metric', String(put.metric));
    const tags = [...(put.tags ?? [])].map(([name, value]) => [
      uids.resolve('tagk', name),
      uids.resolve('tagv', value),
    ]);
    const { timestamp } = put;
    return { metric, timestamp, unit: unitOf(timestamp), value: String(put.value), tags: Object.fromEntries(tags) };
  }

  return {
    uids,
    counts,
    annotations: new Map(),
    points: () => points.slice(-rememberedPoints),
    add(put) {
      const point = resolve(put);
      const outcome = storage(point);
      return outcome instanceof Promise ? outcome.then((result) => settle(point, result)) : settle(point, outcome);
    },
  };
}
