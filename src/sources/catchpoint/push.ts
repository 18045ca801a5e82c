// Processes pushes: parses, looks up the node, slices, and delivers to the spool. Resolves once the points are durable.

import { hash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { Deliver, MalformedBody, Points, RunKey } from '../../model/point.ts';
import type { Archive } from './archive/archive.ts';
import { type CardinalityGuard, overCardinality } from './cardinality/guard.ts';
import { measurementOfPush } from './fast-push-parser.ts';
import type { Measurement } from './measurement.ts';
import type { Node, NodeDirectory } from './nodes/node.ts';
import { parkedMeasurement } from './parked.ts';
import { pushText } from './push-body.ts';
import type { ArrivedPush, PushIntake, PushSender } from './push-route.ts';
import type { Slicer } from './slices.ts';

/** Every outcome of a push, in the order of the status. Each push counts once. */
const outcomes = [
  'taken',
  /** Taken, but the directory does not know the node yet. */
  'missed',
  /** Taken as a dead letter: the run's time is implausible. */
  'implausible',
  /** Taken as a dead letter: the run exceeds a bound of the cardinality guard. */
  'cardinality',
  /** Answered 200: the same run with the same contents is stored already. */
  'duplicate',
  /** Taken: the same run is stored already with other contents. */
  'conflict',
  /** Answered 4xx: no push, or not readable. */
  'malformed',
  /** Answered 403: the sender may not push for this node, division or client. */
  'denied',
  /** Answered 503. */
  'refused',
  /** Answered 500. */
  'failed',
] as const;

/** Pushes by outcome since the start. */
export type PushCounts = Record<(typeof outcomes)[number], number>;

/** The outcomes of a push that is answered 200. */
export type RunOutcome = Extract<
  keyof PushCounts,
  'taken' | 'missed' | 'implausible' | 'cardinality' | 'duplicate' | 'conflict'
>;

export function pushCounts(): PushCounts {
  return Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as PushCounts;
}

/** The dependencies of the delivery of a run. */
export interface RunOptions {
  readonly deliver: Deliver;
  readonly directory: NodeDirectory;
  readonly slice: Slicer;
  readonly clock: Clock;
  /** Called with the id of a node that the directory does not know. */
  readonly missed: (nodeId: number) => void;
  readonly guard?: Pick<CardinalityGuard, 'refusal'>;
}

/** Read again for each push. */
export interface PushOptions extends RunOptions {
  /** @throws an error with status 403 when the sender may not push for this origin */
  readonly checkSender?: ((sender: Pick<PushSender, 'ip' | 'isOwner'>, origin: PushOrigin) => void) | undefined;
  /** True to read the timings, byte counts and counters beyond the RTT. */
  readonly extras: boolean;
  /** The labels to read, in lower case. */
  readonly labels?: readonly string[];
  /** Called with the reason of each answer 5xx. */
  readonly refused: (reason: string, requestId: string | undefined) => void;
  /** Called with each body that is answered 4xx as no push. Must not throw. */
  readonly malformed?: ((malformed: MalformedBody) => void) | undefined;
  readonly counts: PushCounts;
  /** Called with the time from each push's head to its answer. */
  readonly answered?: ((ms: number) => void) | undefined;
  /** Called with each push that was processed. Must not throw. */
  readonly record?: ((push: PushRecord) => void) | undefined;
  /** Stores each push that was answered 200, except replays. */
  readonly archive?: Pick<Archive, 'add'> | undefined;
}

export interface PushRecord {
  readonly outcome: keyof PushCounts;
  /** Present when the push was answered 200. */
  readonly run?: ProcessedRun;
  /** Present when it was not. */
  readonly reason?: string;
}

/** The origin that a push claims, with the addresses of its node. */
interface PushOrigin {
  readonly nodeId: number;
  readonly clientId: number | undefined;
  readonly divisionId: number | undefined;
  /** The node's source addresses in Catchpoint's listing. */
  readonly ipRanges: string | undefined;
}

interface ProcessedRun {
  readonly outcome: RunOutcome;
  readonly measurement: Measurement;
  /** Factored, not expanded. */
  readonly points: Points;
}

/** The intake for pushes from this process and from its workers. */
export function pushIntake(options: PushOptions): PushIntake {
  return {
    take: (push) => take(push, options),
    unread: ({ read, ...push }) => refuse(push, read, push, options),
    answered: (ms) => options.answered?.(ms),
  };
}

async function take(push: ArrivedPush, options: PushOptions): Promise<RunOutcome> {
  const { body, isReplay } = push;
  try {
    const measurement = measurementOfPush(body, options);
    const { nodeId, clientId, divisionId } = measurement;
    const node = options.directory.find(nodeId);
    options.checkSender?.(push, { nodeId, clientId, divisionId, ipRanges: node?.ipRanges });
    const run = await processRun(measurement, node, body, options);
    const { outcome } = run;
    if (!isReplay) options.archive?.add(body);
    options.counts[outcome] += 1;
    options.record?.({ outcome, run });
    return outcome;
  } catch (error) {
    const { status = 500, message: reason } = error as Error & { readonly status?: number };
    refuse({ status, reason }, body, push, options);
    throw error;
  }
}

/** Counts and reports a push that is not answered 200. */
function refuse(
  { status, reason }: { readonly status: number; readonly reason: string },
  body: Buffer,
  { ip, requestId }: PushSender,
  options: PushOptions,
): void {
  const outcome = status === 403 ? 'denied' : status < 500 ? 'malformed' : status === 503 ? 'refused' : 'failed';
  options.counts[outcome] += 1;
  options.record?.({ outcome, reason });
  if (status >= 500) options.refused(reason, requestId);
  else if (status !== 403) options.malformed?.({ body, reason, from: ip });
}

/** Processes a run that did not arrive over HTTP. */
export async function deliverRun(measurement: Measurement, body: Buffer, options: RunOptions): Promise<RunOutcome> {
  return (await processRun(measurement, options.directory.find(measurement.nodeId), body, options)).outcome;
}

/** Delivers each run once. A run of an unknown node is parked in the same delivery. */
async function processRun(
  measurement: Measurement,
  node: Node | undefined,
  body: Buffer,
  options: RunOptions,
): Promise<ProcessedRun> {
  const run = runOf(measurement, body);
  const fault = faultOf(measurement, node, options);
  if (fault !== undefined) {
    const { kind, reason, outcome } = fault;
    const delivered = await options.deliver([], { run, deadLetter: { kind, reason, raw: pushText(body) } });
    // A refresh may list the node, which is then no longer over the bound.
    if (kind === overCardinality && node === undefined) options.missed(measurement.nodeId);
    return { outcome: delivered === 'duplicate' ? delivered : outcome, measurement, points: [] };
  }
  const points = options.slice(measurement, node);
  const delivered = await options.deliver(
    points,
    node === undefined ? { run, parked: parkedMeasurement(measurement) } : { run },
  );
  if (node === undefined) options.missed(measurement.nodeId);
  const outcome = delivered !== 'stored' ? delivered : node === undefined ? 'missed' : 'taken';
  return { outcome, measurement, points };
}

/** The key is the same when Catchpoint retries a push, which it does up to nine times within an hour. */
export function runOf(
  { clientId, divisionId, testId, nodeId, monitorTypeId, timeMs }: Measurement,
  body: Buffer,
): RunKey {
  return {
    key: `${clientId ?? ''}|${divisionId ?? ''}|${testId}|${nodeId}|${monitorTypeId ?? ''}|${timeMs}`,
    atMs: timeMs,
    digest: hash('sha1', body, 'base64url'),
  };
}

/** The reason for which a run becomes a dead letter. */
interface RunFault {
  readonly kind: string;
  readonly reason: string;
  readonly outcome: 'implausible' | 'cardinality';
}

export function faultOf(
  measurement: Measurement,
  node: Node | undefined,
  { clock, guard }: Pick<RunOptions, 'clock' | 'guard'>,
): RunFault | undefined {
  const implausible = implausibleTime(measurement.timeMs, clock.now());
  if (implausible !== undefined) return { kind: 'implausible-time', reason: implausible, outcome: 'implausible' };
  const refusal = guard?.refusal(measurement, node);
  return refusal === undefined ? undefined : { kind: overCardinality, reason: refusal, outcome: 'cardinality' };
}

const earliestMs = Date.UTC(2010, 0, 1);
const hourMs = 3_600_000;

/** OpenTSDB accepts any time, so a point in 2099 would stay in the database unseen. */
function implausibleTime(timeMs: number, nowMs: number): string | undefined {
  if (timeMs < earliestMs) return `the run's time is before 2010: ${new Date(timeMs).toISOString()}`;
  if (timeMs > nowMs + hourMs) return `the run's time is more than an hour ahead: ${new Date(timeMs).toISOString()}`;
  return undefined;
}
