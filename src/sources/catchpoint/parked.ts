// Measurements that wait for their node: parked with the push, completed with the slices that were missing once a
// refresh of the directory knows the node, and dead letters after a day.

import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Deliver, Parked } from '../../point.ts';
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
  waitingFor(waitsFor: string, limit: number): readonly { readonly id: string; readonly payload: string; readonly parkedAtMs: number }[];
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
const entriesAtOnce = 50;
/** After so many entries live pushes are let through: at most some 500 measurements a second are completed. */
const pauseMs = 100;

/**
 * Delivers the missing slices of every measurement whose node the directory knows by now, each with its run's own
 * time, and makes dead letters of those that have waited for a day.
 */
export async function completeParked(options: ParkedOptions, signal: AbortSignal): Promise<void> {
  const { parking, directory, log } = options;
  for (const waitsFor of parking.waitedFor()) {
    const completed = directory.find(Number(waitsFor)) === undefined ? 0 : await complete(options, waitsFor, signal);
    if (completed > 0) log.info({ node: Number(waitsFor), completed }, 'parked measurements completed');
    const expired = await expire(options, waitsFor, signal);
    if (expired > 0) log.warn({ node: Number(waitsFor), expired }, 'parked measurements expired: Catchpoint lists no such node');
  }
}

async function complete({ parking, deliver, directory, slice, clock }: ParkedOptions, waitsFor: string, signal: AbortSignal): Promise<number> {
  let completed = 0;
  for (;;) {
    const entries = parking.waitingFor(waitsFor, entriesAtOnce);
    for (const { id, payload } of entries) {
      signal.throwIfAborted();
      const measurement = JSON.parse(payload) as Measurement;
      const node = directory.find(measurement.nodeId);
      if (node === undefined) return completed;
      const missing = slice(measurement, node, dimensionsOfPushAlone(measurement));
      await deliver(missing, { completes: id });
      completed += 1;
    }
    if (entries.length < entriesAtOnce) return completed;
    await clock.sleep(pauseMs, { signal });
  }
}

async function expire({ parking, deliver, clock }: ParkedOptions, waitsFor: string, signal: AbortSignal): Promise<number> {
  let expired = 0;
  for (;;) {
    const entries = parking.waitingFor(waitsFor, entriesAtOnce).filter(({ parkedAtMs }) => clock.now() - parkedAtMs > dayMs);
    for (const { id, payload } of entries) {
      signal.throwIfAborted();
      const reason = `node ${waitsFor} was in no listing for 24 h; its by_node and by_asn points went out`;
      await deliver([], { completes: id, deadLetter: { kind: 'node-unknown', reason, raw: payload } });
      expired += 1;
    }
    if (entries.length < entriesAtOnce) return expired;
    await clock.sleep(pauseMs, { signal });
  }
}
