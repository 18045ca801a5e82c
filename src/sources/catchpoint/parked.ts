// Measurements that wait for their node: parked with the push, completed with the slices that were missing once a
// refresh of the directory knows the node, and dead letters after a day.

import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Deliver, Parked } from '../../model/point.ts';
import type { Measurement } from './measurement.ts';
import type { NodeDirectory } from './nodes/node.ts';
import { dimensionsOfPushAlone, type Slicer } from './slices.ts';

/** What is parked of a push: the measurement, never the body. */
export function parkedMeasurement(measurement: Measurement): Parked {
  return { waitsFor: String(measurement.nodeId), payload: JSON.stringify(measurement) };
}

/** The parked entries, as the spool keeps them. */
export interface ParkedEntries {
  waitedFor(): string[];
  /** The oldest first. */
  waitingFor(
    waitsFor: string,
    limit: number,
  ): readonly { readonly id: string; readonly payload: string; readonly parkedAtMs: number }[];
}

export interface ParkedOptions {
  readonly parking: ParkedEntries;
  readonly deliver: Deliver;
  readonly directory: NodeDirectory;
  readonly slice: Slicer;
  readonly clock: Clock;
  readonly log: Log;
}

const dayMs = 86_400_000;
/** They share a group of the log, and its write. */
const entriesAtOnce = 100;
/** After so many entries live pushes are let through: at most some 4,000 measurements a second are completed. */
const pauseMs = 25;

/**
 * Delivers the missing slices of every measurement whose node the directory knows by now, each with its run's own
 * time, and makes dead letters of those that have waited for a day.
 */
export async function completeParked(options: ParkedOptions, signal: AbortSignal): Promise<void> {
  const { parking, directory, log } = options;
  const completed = new Map<string, number>();
  const expired = new Map<string, number>();
  try {
    for (const waitsFor of parking.waitedFor()) {
      if (directory.find(Number(waitsFor)) !== undefined)
        await complete(options, waitsFor, counting(completed, waitsFor), signal);
      await expire(options, waitsFor, counting(expired, waitsFor), signal);
    }
  } finally {
    if (completed.size > 0) log.info(inWords(completed), 'parked measurements completed');
    if (expired.size > 0) log.warn(inWords(expired), 'parked measurements expired: Catchpoint lists no such nodes');
  }
}

function counting(counts: Map<string, number>, waitsFor: string): () => void {
  return () => void counts.set(waitsFor, (counts.get(waitsFor) ?? 0) + 1);
}

const nodesInLine = 10;

/** One line for all of them; there may be thousands. */
function inWords(counts: ReadonlyMap<string, number>): object {
  const measurements = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { measurements, nodes: counts.size, among: [...counts.keys()].slice(0, nodesInLine).map(Number) };
}

async function complete(
  options: ParkedOptions,
  waitsFor: string,
  count: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { parking, deliver, directory, slice, clock } = options;
  for (;;) {
    const entries = parking.waitingFor(waitsFor, entriesAtOnce);
    const node = directory.find(Number(waitsFor));
    if (node === undefined) return;
    signal.throwIfAborted();
    await Promise.all(
      entries.map(async ({ id, payload }) => {
        const measurement = JSON.parse(payload) as Measurement;
        await deliver(slice(measurement, node, dimensionsOfPushAlone(measurement)), { completes: id });
        count();
      }),
    );
    if (entries.length < entriesAtOnce) return;
    await clock.sleep(pauseMs, { signal });
  }
}

async function expire(
  { parking, deliver, clock }: ParkedOptions,
  waitsFor: string,
  count: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const entries = parking
      .waitingFor(waitsFor, entriesAtOnce)
      .filter(({ parkedAtMs }) => clock.now() - parkedAtMs > dayMs);
    for (const { id, payload } of entries) {
      signal.throwIfAborted();
      const reason = `node ${waitsFor} was in no listing for 24 h; its by_node and by_asn points went out`;
      await deliver([], { completes: id, deadLetter: { kind: 'node-unknown', reason, raw: payload } });
      count();
    }
    if (entries.length < entriesAtOnce) return;
    await clock.sleep(pauseMs, { signal });
  }
}
