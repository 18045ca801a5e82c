// A measurement: one run of one test from one node, read from the parsed JSON of a push.

import { type ErrorFields, type Field, pushFields, type PushFields } from './push-fields.ts';
import type { Extra } from './extra-metrics.ts';
import {
  asNumber,
  finiteNumber,
  describeValue,
  isFlagSet,
  member,
  nonBlankText,
  positiveInteger,
  quantity,
  withoutUndefined,
} from './fields.ts';
import { timestampMs } from './timestamp.ts';

export interface Measurement {
  readonly testId: number;
  readonly nodeId: number;
  readonly clientId?: number;
  readonly divisionId?: number;
  readonly monitorTypeId?: number;
  readonly testName?: string;
  readonly nodeName?: string;
  /** The node's AS number as the push gives it. */
  readonly asn?: number;
  /** Time of the run, ms since 1970 UTC. */
  readonly timeMs: number;
  /** Timing.Total, which the original bridge used as the RTT of every type of test. */
  readonly totalMs?: number;
  /** The round trip for the type of test. Absent when none was measured. */
  readonly rttMs?: number;
  /** Present when the run failed: the error code, else the class of the error. */
  readonly error?: string;
  /** Present when requested: the other timings, byte counts and counters, and a content error. */
  readonly extras?: readonly Extra[];
  readonly labels?: Labels;
}

/** The values of each requested label, by its name in lower case. Catchpoint's label names are case-insensitive. */
type Labels = Readonly<Record<string, readonly string[]>>;

/** The body is not a push. Answered 400; the message names the field and the value. */
export class NotAPush extends Error {
  readonly status = 400;
  readonly expose = true;
  override readonly name = 'NotAPush';
}

export interface MeasureOptions {
  /** True to read the other timings, byte counts and counters. */
  readonly extras?: boolean | undefined;
  /** The labels to read, in lower case. */
  readonly labels?: readonly string[] | undefined;
}

/**
 * Reads a push. Ids are integers from 1 to 2^53−1, as numbers or as text. Any other value that is missing, null, "" or
 * unreadable counts as not measured.
 *
 * @throws NotAPush
 */
export function measurementOf(body: unknown, { extras = false, labels = [] }: MeasureOptions = {}): Measurement {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new NotAPush(`body: expected one JSON object, found ${describeValue(body)}`);
  }
  refuseAlert(body);
  const fields = pushFields(body);
  const measured = extras ? extrasOf(fields) : [];
  return withoutUndefined<Measurement>({
    testId: id(fields.testId),
    nodeId: id(fields.nodeId),
    timeMs: runTimeMs(fields),
    clientId: positiveInteger(fields.clientId),
    divisionId: positiveInteger(fields.divisionId),
    monitorTypeId: finiteNumber(fields.monitorTypeId),
    testName: nonBlankText(fields.testName),
    nodeName: nonBlankText(fields.nodeName),
    asn: asNumber(fields.asn),
    totalMs: quantity(fields.totalMs),
    rttMs: rttMs(fields),
    error: errorOf(fields.error),
    extras: measured.length === 0 ? undefined : measured,
    labels: labelsOf(fields.labels, labels),
  });
}

/** Refuses Catchpoint's alert webhook, a different product. Its XML schema has these names. */
function refuseAlert(body: object): void {
  if (member(body, 'Summary') !== undefined) return;
  const names = Object.keys(body).map((name) => name.toLowerCase());
  if (['notificationlevelid', 'notificationlevel', 'alert'].some((name) => names.includes(name))) {
    throw new NotAPush('body: this is an alert webhook; this URL takes test data (Test Data Webhook) only');
  }
}

function id({ name, value }: Field): number {
  const number = positiveInteger(value);
  if (number === undefined)
    throw new NotAPush(`${name}: expected an integer from 1 to 2^53-1, found ${describeValue(value)}`);
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
  throw new NotAPush(`${shown?.name}: expected yyyyMMddHHmmssfff in UTC, found ${describeValue(shown?.value)}`);
}

/** Catchpoint's ids of the test types whose round trip is not Timing.Total. */
export const pingTypeId = 6;
export const tracerouteTypeId = 12;

/** Timing.Total of a ping or a traceroute is the duration of the test, not a round trip. */
function rttMs(fields: PushFields): number | undefined {
  const typeId = finiteNumber(fields.typeId);
  if (typeId === pingTypeId) return quantity(fields.pingRttMs);
  if (typeId === tracerouteTypeId) return lastHopRttMs(fields.hops);
  return quantity(fields.totalMs);
}

/** The round trip times of the last hop. Lost packets are null or missing. */
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

/** In the order of precedence of Datadog's Catchpoint integration. */
const errorClasses = [
  ['dns', 'dns'],
  ['connection', 'connection'],
  ['ssl', 'ssl'],
  ['load', 'load'],
  ['transaction', 'transaction'],
  ['timeout', 'timeout'],
  ['systemLimit', 'system_limit'],
] as const satisfies readonly (readonly [keyof ErrorFields, string])[];

/** The code of a failed run, or else its class. Undefined when the run did not fail. */
export function errorOf(error: ErrorFields): string | undefined {
  return errorCode(error.code) ?? errorClasses.find(([flag]) => isFlagSet(error[flag]))?.[1];
}

/** The code as text, unless it is 0. Text that is not a code becomes `other`, so that it creates no separate series. */
export function errorCode(code: unknown): string | undefined {
  if (typeof code === 'number') return Number.isFinite(code) && code !== 0 ? String(code) : undefined;
  const text = nonBlankText(code)?.trim();
  if (text === undefined || Number(text) === 0) return undefined;
  return /^[\w.-]{1,32}$/.test(text) && /\w/.test(text) ? text : 'other';
}

/** Any without a code and without a class: a child object failed, but the run completed. */
export function contentErrorOf(error: ErrorFields): Extra[] {
  const hasContentError = isFlagSet(error.any) || isFlagSet(error.loadObjects);
  return errorOf(error) === undefined && hasContentError ? [['content_error', 1]] : [];
}

/**
 * Reads the requested labels. Catchpoint's JSON has an array of objects, each with a name and a list of values. A
 * template has one object. Undefined when none of the labels has a value.
 *
 * @param names - in lower case
 */
export function labelsOf(value: unknown, names: readonly string[]): Labels | undefined {
  if (names.length === 0 || typeof value !== 'object' || value === null) return undefined;
  const entries = (Array.isArray(value) ? value : [value]).flatMap((each): [string, unknown][] =>
    typeof each === 'object' && each !== null ? Object.entries(each) : [],
  );
  const labels = names.flatMap((name) => {
    const values = entries
      .filter(([label]) => label.toLowerCase() === name)
      .flatMap(([, each]) => (Array.isArray(each) ? each : [each]))
      .map(nonBlankText)
      .filter((text) => text !== undefined);
    return values.length === 0 ? [] : [[name, values] as const];
  });
  return labels.length === 0 ? undefined : Object.fromEntries(labels);
}
