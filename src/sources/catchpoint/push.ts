// Takes Catchpoint's pushes over HTTP: read, measure, find the node, slice, deliver, and only then answer 200.

import { hash } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { readBody } from '../../body.ts';
import type { Clock } from '../../clock.ts';
import type { Deliver, Delivered } from '../../point.ts';
import { type Measurement, measurementOf } from './measurement.ts';
import type { NodeDirectory } from './nodes/node.ts';
import { parkedMeasurement } from './parked.ts';
import { parsePush } from './push-text.ts';
import type { Slicer } from './slices.ts';

export interface PushOptions {
  readonly deliver: Deliver;
  readonly directory: NodeDirectory;
  readonly slice: Slicer;
  readonly clock: Clock;
  readonly maxBodyBytes: number;
  /** Whether to read the timings, byte counts and counters beyond the RTT too. */
  readonly extras: boolean;
  /** Told of a node that the directory does not know. */
  readonly missed: (nodeId: number) => void;
  readonly counts: PushCounts;
}

/** What became of the pushes since the start. */
export interface PushCounts {
  taken: number;
  duplicate: number;
  conflict: number;
  /** Taken, but the node was unknown. */
  missed: number;
  /** Taken, but with a time that cannot be: a dead letter. */
  implausible: number;
  /** Not a push, or not readable: answered 4xx. */
  malformed: number;
  /** Answered 503. */
  refused: number;
}

export function pushCounts(): PushCounts {
  return { taken: 0, duplicate: 0, conflict: 0, missed: 0, implausible: 0, malformed: 0, refused: 0 };
}

/** Mounts the push at `/`, the original's target, and at `/catchpoint` with whatever follows it. */
export function push(router: Router, options: PushOptions): void {
  router.post(['/', '/catchpoint{/*rest}'], (context) => take(context, options));
}

async function take(context: Context, options: PushOptions): Promise<void> {
  const { counts } = options;
  try {
    const body = await readBody(context.req, options.maxBodyBytes);
    const measurement = measurementOf(parsePush(body), { extras: options.extras });
    const delivered = await deliver(measurement, body, options);
    counts[delivered === 'stored' ? 'taken' : delivered] += 1;
    context.status = 200;
    context.body = '';
  } catch (error) {
    const isSendersFault = ((error as { readonly status?: number }).status ?? 500) < 500;
    counts[isSendersFault ? 'malformed' : 'refused'] += 1;
    throw error;
  }
}

async function deliver(measurement: Measurement, body: Buffer, options: PushOptions): Promise<Delivered> {
  const { counts, directory, slice } = options;
  const run = { key: runKey(measurement), digest: hash('sha1', body, 'base64url') };
  const implausible = implausibleTime(measurement.timeMs, options.clock.now());
  if (implausible !== undefined) {
    counts.implausible += 1;
    const deadLetter = { kind: 'implausible-time', reason: implausible, raw: body.toString() };
    return options.deliver([], { run, deadLetter });
  }
  const node = directory.find(measurement.nodeId);
  const points = slice(measurement, node);
  if (node !== undefined) return options.deliver(points, { run });
  const delivered = await options.deliver(points, { run, parked: parkedMeasurement(measurement) });
  counts.missed += 1;
  options.missed(measurement.nodeId);
  return delivered;
}

/** Catchpoint sends a push again up to nine times within the hour; what it sends is the same run by these. */
function runKey({ clientId, divisionId, testId, nodeId, monitorTypeId, timeMs }: Measurement): string {
  return [clientId, divisionId, testId, nodeId, monitorTypeId, timeMs].join('|');
}

const earliestMs = Date.UTC(2010, 0, 1);
const hourMs = 3_600_000;

/** What is wrong with a run's time: OpenTSDB takes any, and a point in 2099 hides in no chart. */
function implausibleTime(timeMs: number, nowMs: number): string | undefined {
  if (timeMs < earliestMs) return `the run's time is before 2010: ${new Date(timeMs).toISOString()}`;
  if (timeMs > nowMs + hourMs) return `the run's time is more than an hour ahead: ${new Date(timeMs).toISOString()}`;
  return undefined;
}
