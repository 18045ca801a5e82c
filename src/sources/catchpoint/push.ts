// Takes Catchpoint's pushes: measure, find the node, slice, deliver, and only then say what became of each.

import { hash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { Deliver, MalformedBody, Points, RunKey } from '../../model/point.ts';
import type { Archive } from './archive/archive.ts';
import { type CardinalityGuard, overCardinality } from './cardinality/guard.ts';
import type { Measurement } from './measurement.ts';
import type { Node, NodeDirectory } from './nodes/node.ts';
import { parkedMeasurement } from './parked.ts';
import type { ArrivedPush, PushIntake, PushSender } from './push-route.ts';
import { pushText } from './push-body.ts';
import type { Slicer } from './slices.ts';
import { measurementOfPush } from './fast-push-parser.ts';

/** What the delivery of a run needs. */
export interface RunOptions {
  readonly deliver: Deliver;
  readonly directory: NodeDirectory;
  readonly slice: Slicer;
  readonly clock: Clock;
  /** Told of a node that the directory does not know. */
  readonly missed: (nodeId: number) => void;
  /** Undefined: a run may bring what it will. */
  readonly guard?: Pick<CardinalityGuard, 'refusal'>;
}

/** Looked at anew for each push. */
export interface PushOptions extends RunOptions {
  /** Throws an error with status 403 where the sender may not speak for what the push names. */
  readonly admit?: (sender: Pick<PushSender, 'ip' | 'isOwner'>, run: SentRun) => void;
  /** Whether to read the timings, byte counts and counters beyond the RTT too. */
  readonly extras: boolean;
  /** The labels to read, in lower case. */
  readonly labels?: readonly string[];
  /** Told why a push was not taken, by no fault of its sender's. */
  readonly refused: (reason: string, requestId: string | undefined) => void;
  /** Shown each body that is refused as no push; must not throw, and is not waited for. */
  readonly malformed?: (malformed: MalformedBody) => void;
  readonly counts: PushCounts;
  /** Told how long each push took from its head to its answer. */
  readonly answered?: (ms: number) => void;
  /** Shown each push when it is answered; must not throw, and is not waited for. */
  readonly seen?: (push: SeenPush) => void;
  /** Given what was answered 200 and is no replay. */
  readonly archive?: Pick<Archive, 'keep'> | undefined;
}

/** A push as those are shown it who watch. */
export interface SeenPush {
  /** A word of PushCounts. */
  readonly became: keyof PushCounts;
  /** Of what was taken. */
  readonly run?: TakenRun;
  /** Why it was not taken. */
  readonly reason?: string;
}

/** What a push says of where it comes from, and what the directory knows of its node. */
export interface SentRun {
  readonly nodeId: number;
  readonly clientId: number | undefined;
  readonly divisionId: number | undefined;
  /** The addresses that the node sends from, as Catchpoint lists them. */
  readonly ipRanges: string | undefined;
}

/** What became of the pushes since the start; each counts once. */
export interface PushCounts {
  taken: number;
  /** Taken, but the node is not known yet. */
  missed: number;
  /** Taken as a dead letter: its time cannot be. */
  implausible: number;
  /** Taken as a dead letter: it brings more than the cardinality guard lets in. */
  cardinality: number;
  /** Answered 200: the same run with the same contents was there already. */
  duplicate: number;
  /** Taken: the same run was there with other contents. */
  conflict: number;
  /** Not a push, or not readable: answered 4xx. */
  malformed: number;
  /** Its sender may not speak for the node, division or client that it names: answered 403. */
  denied: number;
  /** Answered 503. */
  refused: number;
  /** Answered 500. */
  failed: number;
}

export function pushCounts(): PushCounts {
  return {
    taken: 0,
    missed: 0,
    implausible: 0,
    cardinality: 0,
    duplicate: 0,
    conflict: 0,
    malformed: 0,
    denied: 0,
    refused: 0,
    failed: 0,
  };
}

/** Takes pushes that have arrived, from whichever process has read them. */
export function pushIntake(options: PushOptions): PushIntake {
  return {
    take: (push) => take(push, options),
    unread: ({ read, ...push }) => refuse(push, read, push, options),
    answered: (ms) => options.answered?.(ms),
  };
}

async function take(push: ArrivedPush, options: PushOptions): Promise<Became> {
  const { body, isReplay } = push;
  try {
    const measurement = measurementOfPush(body, options);
    const { nodeId, clientId, divisionId } = measurement;
    const node = options.directory.find(nodeId);
    options.admit?.(push, { nodeId, clientId, divisionId, ipRanges: node?.ipRanges });
    const run = await takeRun(measurement, node, body, options);
    const { became } = run;
    if (!isReplay) options.archive?.keep(body);
    options.counts[became] += 1;
    options.seen?.({ became, run });
    return became;
  } catch (error) {
    const { status = 500, message: reason } = error as Error & { readonly status?: number };
    refuse({ status, reason }, body, push, options);
    throw error;
  }
}

/** A push is answered that it was not taken. */
function refuse(
  { status, reason }: { readonly status: number; readonly reason: string },
  body: Buffer,
  { ip, requestId }: PushSender,
  options: PushOptions,
): void {
  const became = status === 403 ? 'denied' : status < 500 ? 'malformed' : status === 503 ? 'refused' : 'failed';
  options.counts[became] += 1;
  options.seen?.({ became, reason });
  if (status >= 500) options.refused(reason, requestId);
  else if (status !== 403) options.malformed?.({ body, reason, from: ip });
}

/** What became of a run that was taken: a word of PushCounts. */
export type Became = Extract<
  keyof PushCounts,
  'taken' | 'missed' | 'implausible' | 'cardinality' | 'duplicate' | 'conflict'
>;

/** A run that was taken, with the points that it became. */
export interface TakenRun {
  readonly became: Became;
  readonly measurement: Measurement;
  /** Not expanded unless somebody looks at them. */
  readonly points: Points;
}

/** A run on its way from the measurement to the spool: each run once, joined with its node, parked where that is unknown. */
export async function deliverRun(measurement: Measurement, body: Buffer, options: RunOptions): Promise<Became> {
  return (await takeRun(measurement, options.directory.find(measurement.nodeId), body, options)).became;
}

async function takeRun(
  measurement: Measurement,
  node: Node | undefined,
  body: Buffer,
  options: RunOptions,
): Promise<TakenRun> {
  const run = runOf(measurement, body);
  const implausible = implausibleTime(measurement.timeMs, options.clock.now());
  if (implausible !== undefined) {
    const deadLetter = { kind: 'implausible-time', reason: implausible, raw: pushText(body) };
    const became = (await options.deliver([], { run, deadLetter })) === 'duplicate' ? 'duplicate' : 'implausible';
    return { became, measurement, points: [] };
  }
  const refusal = options.guard?.refusal(measurement, node);
  if (refusal !== undefined)
    return { became: await overBound(refusal, measurement, node, run, body, options), measurement, points: [] };
  const points = options.slice(measurement, node);
  const delivered = await options.deliver(
    points,
    node === undefined ? { run, parked: parkedMeasurement(measurement) } : { run },
  );
  if (node === undefined) options.missed(measurement.nodeId);
  const became = delivered !== 'stored' ? delivered : node === undefined ? 'missed' : 'taken';
  return { became, measurement, points };
}

/** A node that is real after all must become known, so it is asked for. */
async function overBound(
  reason: string,
  { nodeId }: Measurement,
  node: Node | undefined,
  run: RunKey,
  body: Buffer,
  { deliver, missed }: RunOptions,
): Promise<Became> {
  const deadLetter = { kind: overCardinality, reason, raw: pushText(body) };
  const delivered = await deliver([], { run, deadLetter });
  if (node === undefined) missed(nodeId);
  return delivered === 'duplicate' ? 'duplicate' : 'cardinality';
}

/** Catchpoint sends a push again up to nine times within the hour; what it sends is the same run by these. */
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

const earliestMs = Date.UTC(2010, 0, 1);
const hourMs = 3_600_000;

/** What is wrong with a run's time: OpenTSDB takes any, and a point in 2099 hides in no chart. */
export function implausibleTime(timeMs: number, nowMs: number): string | undefined {
  if (timeMs < earliestMs) return `the run's time is before 2010: ${new Date(timeMs).toISOString()}`;
  if (timeMs > nowMs + hourMs) return `the run's time is more than an hour ahead: ${new Date(timeMs).toISOString()}`;
  return undefined;
}
