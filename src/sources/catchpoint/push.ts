// Takes Catchpoint's pushes over HTTP: read, measure, find the node, slice, deliver, and only then answer 200.

import { hash } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { readBody, UnreadableBody } from '../../body.ts';
import type { Clock } from '../../clock.ts';
import type { Deliver, MalformedBody, RunKey } from '../../point.ts';
import type { Archive } from './archive/archive.ts';
import { type Measurement, measurementOf } from './measurement.ts';
import type { NodeDirectory } from './nodes/node.ts';
import { parkedMeasurement } from './parked.ts';
import { parsePush, pushText } from './push-text.ts';
import type { Slicer } from './slices.ts';

/** What the delivery of a run needs. */
export interface RunOptions {
  readonly deliver: Deliver;
  readonly directory: NodeDirectory;
  readonly slice: Slicer;
  readonly clock: Clock;
  /** Told of a node that the directory does not know. */
  readonly missed: (nodeId: number) => void;
}

export interface PushOptions extends RunOptions {
  readonly maxBodyBytes: number;
  /** Whether to read the timings, byte counts and counters beyond the RTT too. */
  readonly extras: boolean;
  /** Told why a push was not taken, by no fault of its sender's. */
  readonly refused: (reason: string) => void;
  /** Shown each body that is refused as no push; must not throw, and is not waited for. */
  readonly malformed?: (malformed: MalformedBody) => void;
  readonly counts: PushCounts;
  /** Given what was answered 200 and is no replay. */
  readonly archive?: Pick<Archive, 'keep'> | undefined;
}

/** What became of the pushes since the start; each counts once. */
export interface PushCounts {
  taken: number;
  /** Taken, but the node is not known yet. */
  missed: number;
  /** Taken as a dead letter: its time cannot be. */
  implausible: number;
  /** Answered 200: the same run with the same contents was there already. */
  duplicate: number;
  /** Taken: the same run was there with other contents. */
  conflict: number;
  /** Not a push, or not readable: answered 4xx. */
  malformed: number;
  /** Answered 503. */
  refused: number;
  /** Answered 500. */
  failed: number;
}

export function pushCounts(): PushCounts {
  return { taken: 0, missed: 0, implausible: 0, duplicate: 0, conflict: 0, malformed: 0, refused: 0, failed: 0 };
}

/** A request with this header is a replay: it is told what became of it, and is not archived another time. */
export const replayHeader = 'X-Replayed';

/** Mounts the push at `/`, the original's target, and at `/catchpoint` with whatever follows it. */
export function push(router: Router, options: PushOptions): void {
  router.post(['/', '/catchpoint{/*rest}'], (context) => take(context, options));
}

async function take(context: Context, options: PushOptions): Promise<void> {
  const { counts } = options;
  let body: Buffer | undefined;
  try {
    body = await readBody(context.req, options.maxBodyBytes);
    const measurement = measurementOf(parsePush(body), { extras: options.extras });
    const became = await deliverRun(measurement, body, options);
    const isReplay = context.get(replayHeader) !== '';
    if (!isReplay) options.archive?.keep(body);
    counts[became] += 1;
    context.status = 200;
    context.body = isReplay ? { became } : '';
  } catch (error) {
    const { status = 500, message } = error as Error & { readonly status?: number };
    counts[status < 500 ? 'malformed' : status === 503 ? 'refused' : 'failed'] += 1;
    if (status >= 500) options.refused(message);
    else options.malformed?.({ body: body ?? readOf(error), reason: message, from: context.ip });
    throw error;
  }
}

function readOf(error: unknown): Buffer {
  return error instanceof UnreadableBody ? error.read : Buffer.alloc(0);
}

/** What became of a run that was taken: a word of PushCounts. */
export type Became = Extract<keyof PushCounts, 'taken' | 'missed' | 'implausible' | 'duplicate' | 'conflict'>;

/** A run on its way from the measurement to the spool: each run once, joined with its node, parked where that is unknown. */
export async function deliverRun(measurement: Measurement, body: Buffer, options: RunOptions): Promise<Became> {
  const run = runOf(measurement, body);
  const implausible = implausibleTime(measurement.timeMs, options.clock.now());
  if (implausible !== undefined) {
    const deadLetter = { kind: 'implausible-time', reason: implausible, raw: pushText(body) };
    return (await options.deliver([], { run, deadLetter })) === 'duplicate' ? 'duplicate' : 'implausible';
  }
  const node = options.directory.find(measurement.nodeId);
  const points = options.slice(measurement, node);
  const parked = node === undefined ? { parked: parkedMeasurement(measurement) } : {};
  const delivered = await options.deliver(points, { run, ...parked });
  if (node === undefined) options.missed(measurement.nodeId);
  if (delivered !== 'stored') return delivered;
  return node === undefined ? 'missed' : 'taken';
}

/** Catchpoint sends a push again up to nine times within the hour; what it sends is the same run by these. */
export function runOf({ clientId, divisionId, testId, nodeId, monitorTypeId, timeMs }: Measurement, body: Buffer): RunKey {
  return { key: [clientId, divisionId, testId, nodeId, monitorTypeId, timeMs].join('|'), digest: hash('sha1', body, 'base64url') };
}

const earliestMs = Date.UTC(2010, 0, 1);
const hourMs = 3_600_000;

/** What is wrong with a run's time: OpenTSDB takes any, and a point in 2099 hides in no chart. */
export function implausibleTime(timeMs: number, nowMs: number): string | undefined {
  if (timeMs < earliestMs) return `the run's time is before 2010: ${new Date(timeMs).toISOString()}`;
  if (timeMs > nowMs + hourMs) return `the run's time is more than an hour ahead: ${new Date(timeMs).toISOString()}`;
  return undefined;
}
