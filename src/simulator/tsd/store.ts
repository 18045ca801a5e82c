// What stands behind both doors of the simulated OpenTSDB: names, storage, the points taken and the counts.

import type { DataPoint } from '../../model/point.ts';
import { checkPut, unitOf, type ReceivedPut } from './rules.ts';
import type { StoredAnnotation } from './annotation.ts';
import type { Uids } from './uids.ts';

/** `failed`: the words of the error, such as `Storage exception: Call queue is full` or `Please throttle`. */
export type StorageOutcome = 'stored' | { readonly failed: string };

/** What the storage does with a point; a promise that never resolves is a storage that hangs. */
export type Storage = (point: DataPoint) => StorageOutcome | Promise<StorageOutcome>;

export interface TsdCounts {
  connections: number;
  requests: number;
  /** Lines that came in by telnet, whatever they held. */
  lines: number;
  /** Lines of more than 1024 bytes, which OpenTSDB takes or closes the connection for as TCP happens to cut them. */
  longLines: number;
  /** Points stored. */
  accepted: number;
  /** Points refused, for their contents or for unknown names. */
  refused: number;
  /** Points that the storage failed. */
  failed: number;
  /** Telnet commands other than put, by their first word. */
  readonly commands: Map<string, number>;
}

export interface TsdStore {
  readonly uids: Uids;
  readonly counts: TsdCounts;
  /** By their start. */
  readonly annotations: Map<number, StoredAnnotation>;
  /** The points taken last, oldest first. */
  points(): readonly DataPoint[];
  /**
   * Checks a put, resolves its names and hands it to the storage.
   *
   * @throws RefusedPut before the storage has seen it
   */
  add(put: Required<ReceivedPut>): StorageOutcome | Promise<StorageOutcome>;
}

export interface TsdStoreOptions {
  readonly uids: Uids;
  readonly maxTags: number;
  readonly storage: Storage;
  readonly onPoint: (point: DataPoint) => void;
  readonly rememberedPoints: number;
}

export function tsdStore({ uids, maxTags, storage, onPoint, rememberedPoints }: TsdStoreOptions): TsdStore {
  const counts: TsdCounts = {
    connections: 0,
    requests: 0,
    lines: 0,
    longLines: 0,
    accepted: 0,
    refused: 0,
    failed: 0,
    commands: new Map(),
  };
  let points: DataPoint[] = [];

  function settle(point: DataPoint, outcome: StorageOutcome): StorageOutcome {
    if (outcome !== 'stored') {
      counts.failed += 1;
      return outcome;
    }
    counts.accepted += 1;
    if (rememberedPoints > 0) points.push(point);
    if (points.length > 2 * rememberedPoints) points = points.slice(-rememberedPoints);
    onPoint(point);
    return outcome;
  }

  function resolved(put: Required<ReceivedPut>): DataPoint {
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
      const point = resolved(put);
      const outcome = storage(point);
      return outcome instanceof Promise ? outcome.then((settled) => settle(point, settled)) : settle(point, outcome);
    },
  };
}
