// A measurement: one run of one test seen from one node, read out of a push.

import { type ErrorFields, type Field, pushFields, type PushFields } from './push-fields.ts';
import { type Extra } from './extra-metrics.ts';
import { asNumber, finiteNumber, found, isSet, member, positiveInteger, quantity, text } from './fields.ts';
import { type Labels, labelsOf } from './labels.ts';
import { timestampMs } from './timestamp.ts';

export interface Measurement {
  readonly testId: number;
  readonly nodeId: number;
  readonly clientId?: number;
  readonly divisionId?: number;
  readonly monitorTypeId?: number;
  readonly testName?: string;
  readonly nodeName?: string;
  /** The node's AS number as the push itself gives it. */
  readonly asn?: number;
  /** When the run took place, ms since 1970 UTC. */
  readonly timeMs: number;
  /** Timing.Total: what the original bridge took for every type of test. */
  readonly totalMs?: number;
  /** The round trip that suits the type of test; absent when none was measured. */
  readonly rttMs?: number;
  /** Present when the run failed: the error code, else the class of the error. */
  readonly error?: string;
  /** The other timings, byte counts and counters, and a content error, where they were asked for. */
  readonly extras?: readonly Extra[];
  /** The labels of the test that were asked for. */
  readonly labels?: Labels;
}

/** A body that is not a push; the message names the field and the value found. Answered 400. */
export class NotAPush extends Error {
  readonly status = 400;
  readonly expose = true;
  override readonly name = 'NotAPush';
}

export interface MeasureOptions {
  /** Whether to read the other timings, byte counts and counters too. */
  readonly extras?: boolean | undefined;
  /** Names of labels to read, in lower case. */
  readonly labels?: readonly string[] | undefined;
}

/**
 * Reads a push's parsed body. Ids are integers from 1 to 2^53−1, as numbers or as text; a value that is missing, null,
 * "" or unreadable counts as not measured. Throws NotAPush.
 */
export function measurementOf(body: unknown, { extras = false, labels = [] }: MeasureOptions = {}): Measurement {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new NotAPush(`body: expected one JSON object, found ${found(body)}`);
  }
  refuseAlert(body);
  const fields = pushFields(body);
  const measured = extras ? extrasOf(fields) : [];
  return {
    testId: id(fields.testId),
    nodeId: id(fields.nodeId),
    timeMs: runTimeMs(fields),
    ...given('clientId', positiveInteger(fields.clientId)),
    ...given('divisionId', positiveInteger(fields.divisionId)),
    ...given('monitorTypeId', finiteNumber(fields.monitorTypeId)),
    ...given('testName', text(fields.testName)),
    ...given('nodeName', text(fields.nodeName)),
    ...given('asn', asNumber(fields.asn)),
    ...given('totalMs', quantity(fields.totalMs)),
    ...given('rttMs', rttMs(fields)),
    ...given('error', errorOf(fields.error)),
    ...(measured.length === 0 ? {} : { extras: measured }),
    ...given('labels', labelsOf(fields.labels, labels)),
  };
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

/** An alert webhook is another product of Catchpoint's, easily given the same URL; its marks are in its XML schema. */
function refuseAlert(body: object): void {
  if (member(body, 'Summary') !== undefined) return;
  const names = Object.keys(body).map((name) => name.toLowerCase());
  if (['notificationlevelid', 'notificationlevel', 'alert'].some((name) => names.includes(name))) {
    throw new NotAPush('body: this is an alert webhook; this URL takes test data (Test Data Webhook) only');
  }
}

function id({ name, value }: Field): number {
  const number = positiveInteger(value);
  if (number === undefined) throw new NotAPush(`${name}: expected an integer from 1 to 2^53-1, found ${found(value)}`);
  return number;
}

function runTimeMs({ timestamps, epochSeconds }: PushFields): number {
  for (const { value } of timestamps) {
    const timeMs = timestampMs(value);
    if (timeMs !== undefined) return timeMs;
  }
  const seconds = quantity(epochSeconds);
  if (seconds !== undefined && seconds > 0 && seconds < 1e10) return Math.floor(seconds * 1000);
  const shown = timestamps.find(({ value }) => value !== undefined) ?? timestamps[0];
  throw new NotAPush(`${shown?.name}: expected yyyyMMddHHmmssfff in UTC, found ${found(shown?.value)}`);
}

/** Types of tests with a round trip of their own. */
export const pingTypeId = 6;
export const tracerouteTypeId = 12;

/** Timing.Total of a ping or a traceroute is how long the test took, not a round trip. */
function rttMs(fields: PushFields): number | undefined {
  const typeId = finiteNumber(fields.typeId);
  if (typeId === pingTypeId) return quantity(fields.pingRttMs);
  if (typeId === tracerouteTypeId) return lastHopRttMs(fields.hops);
  return quantity(fields.totalMs);
}

/** The round trip times of the last hop; those that were lost are null or missing. */
function lastHopTimes(hops: unknown): { readonly sent: number; readonly timesMs: readonly number[] } | undefined {
  if (!Array.isArray(hops) || hops.length === 0) return undefined;
  const times = member(hops.at(-1), 'RoundTripTimes');
  const sent = Array.isArray(times) ? Math.max(3, times.length) : 3;
  const timesMs = Array.isArray(times) ? times.map(quantity).filter((time) => time !== undefined) : [];
  return { sent, timesMs };
}

function lastHopRttMs(hops: unknown): number | undefined {
  const { timesMs } = lastHopTimes(hops) ?? { timesMs: [] };
  return timesMs.length === 0 ? undefined : timesMs.reduce((sum, time) => sum + time, 0) / timesMs.length;
}

function extrasOf(fields: PushFields): Extra[] {
  return [...fields.extras(), ...pathExtras(fields), ...contentErrorOf(fields.error)];
}

/** What a ping or a traceroute says of its path. */
function pathExtras({ typeId, pingLossPct, hops }: PushFields): Extra[] {
  const type = finiteNumber(typeId);
  const lossPct = type === pingTypeId ? quantity(pingLossPct) : undefined;
  if (lossPct !== undefined) return [['ping.loss_pct', lossPct]];
  const lastHop = type === tracerouteTypeId ? lastHopTimes(hops) : undefined;
  if (lastHop === undefined || !Array.isArray(hops)) return [];
  const lost = lastHop.sent - lastHop.timesMs.length;
  return [
    ['traceroute.hops', hops.length],
    ['traceroute.loss_pct', Math.round((lost / lastHop.sent) * 100_000) / 1000],
  ];
}

/** The classes of a failed run in the order in which Datadog's Catchpoint integration names one of several. */
const errorClasses = [
  ['dns', 'dns'],
  ['connection', 'connection'],
  ['ssl', 'ssl'],
  ['load', 'load'],
  ['transaction', 'transaction'],
  ['timeout', 'timeout'],
  ['systemLimit', 'system_limit'],
] as const satisfies readonly (readonly [keyof ErrorFields, string])[];

/** The code of a run that failed, or else its class; undefined when it did not fail. */
export function errorOf(error: ErrorFields): string | undefined {
  return errorCode(error.code) ?? errorClasses.find(([flag]) => isSet(error[flag]))?.[1];
}

/** The code as text, where there is one that is not 0; what is no code at all, and would be a series of its own, is `other`. */
export function errorCode(code: unknown): string | undefined {
  if (typeof code === 'number') return Number.isFinite(code) && code !== 0 ? String(code) : undefined;
  const written = text(code)?.trim();
  if (written === undefined || Number(written) === 0) return undefined;
  return /^[\w.-]{1,32}$/.test(written) && /\w/.test(written) ? written : 'other';
}

/** Any without a code and without a class: a child object failed, the run itself completed. */
export function contentErrorOf(error: ErrorFields): Extra[] {
  return errorOf(error) === undefined && (isSet(error.any) || isSet(error.loadObjects)) ? [['content_error', 1]] : [];
}
