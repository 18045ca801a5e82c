// Parked measurements wait for their node. Once a refresh knows the node, their missing slices are delivered. After a
// day they become dead letters.

import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Deliver, Parked } from '../../model/point.ts';
import type { Measurement } from './measurement.ts';
import type { Node, NodeDirectory } from './nodes/node.ts';
import { dimensionsWithoutNode, type Slicer } from './slices.ts';

export function parkedMeasurement(measurement: Measurement): Parked {
  return { waitsFor: String(measurement.nodeId), payload: JSON.stringify(measurement) };
}

interface ParkedEntry {
  readonly id: string;
  readonly payload: string;
  readonly parkedAtMs: number;
}

/** The parked entries in the spool. */
export interface ParkedEntries {
  /** The ids of all nodes that entries wait for. */
  waitedFor(): string[];
  /** Oldest first. */
  waitingFor(waitsFor: string, limit: number): readonly ParkedEntry[];
}

export interface ParkedOptions {
  readonly parking: ParkedEntries;
  readonly deliver: Deliver;
  readonly directory: NodeDirectory;
  readonly slice: Slicer;
  readonly clock: Clock;
  readonly log: Log;
}

interface ParkedCompletion {
  /** Resolves when a run that began after this call has ended. */
  request(): Promise<void>;
  /** Resolves when no run is in progress. */
  idle(): Promise<void>;
}

/** Runs `completeParked` once at a time. A request during a run causes one more run, which sees the newer directory. */
export function parkedCompletion(options: ParkedOptions, signal: AbortSignal): ParkedCompletion {
  let running: Promise<void> | undefined;
  let isRequestedAgain = false;
  async function run(): Promise<void> {
    do {
      isRequestedAgain = false;
      await completeParked(options, signal);
    } while (isRequestedAgain);
  }
  return {
    request() {
      isRequestedAgain = running !== undefined;
      running ??= run().finally(() => void (running = undefined));
      return running;
    },
    async idle() {
      await running?.catch(() => undefined);
    },
  };
}

const dayMs = 86_400_000;
/** Entries delivered at once, so that they share one write of the log. */
const batchSize = 100;
/** Pause between two batches, so that live pushes are not delayed. It allows about 4,000 measurements a second. */
const pauseMs = 25;

/** Delivers the missing slices of each measurement whose node is known now, at the time of its run. */
export async function completeParked(options: ParkedOptions, signal: AbortSignal): Promise<void> {
  const { parking, deliver, directory, clock, log } = options;
  const completed = new Map<string, number>();
  const expired = new Map<string, number>();
  try {
    for (const waitsFor of parking.waitedFor()) {
      const node = (): Node | undefined => directory.find(Number(waitsFor));
      const entries = (): readonly ParkedEntry[] => parking.waitingFor(waitsFor, batchSize);
      const completable = (): readonly ParkedEntry[] => (node() === undefined ? [] : entries());
      await inBatches(completable, clock, signal, async ({ id, payload }) => {
        const measurement = JSON.parse(payload) as Measurement;
        const missing = options.slice(measurement, node(), dimensionsWithoutNode(measurement));
        await deliver(missing, { completes: id });
        increment(completed, waitsFor);
      });
      const overdue = (): readonly ParkedEntry[] =>
        entries().filter(({ parkedAtMs }) => clock.now() - parkedAtMs > dayMs);
      await inBatches(overdue, clock, signal, async ({ id, payload }) => {
        const reason = `node ${waitsFor} was in no listing for 24 h; its by_node and by_asn points went out`;
        await deliver([], { completes: id, deadLetter: { kind: 'node-unknown', reason, raw: payload } });
        increment(expired, waitsFor);
      });
    }
  } finally {
    if (completed.size > 0) log.info(logFields(completed), 'parked measurements completed');
    if (expired.size > 0) log.warn(logFields(expired), 'parked measurements expired: Catchpoint lists no such nodes');
  }
}

/** Delivers batches until one is not full. */
async function inBatches(
  nextBatch: () => readonly ParkedEntry[],
  clock: Clock,
  signal: AbortSignal,
  deliverEntry: (entry: ParkedEntry) => Promise<void>,
): Promise<void> {
  for (;;) {
    const entries = nextBatch();
    if (entries.length > 0) signal.throwIfAborted();
    const results = await Promise.allSettled(entries.map(deliverEntry));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if (entries.length < batchSize) return;
    await clock.sleep(pauseMs, { signal });
  }
}

function increment(counts: Map<string, number>, waitsFor: string): void {
  counts.set(waitsFor, (counts.get(waitsFor) ?? 0) + 1);
}

const maxLoggedNodes = 10;

function logFields(counts: ReadonlyMap<string, number>): object {
  const measurements = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { measurements, nodes: counts.size, among: [...counts.keys()].slice(0, maxLoggedNodes).map(Number) };
}
