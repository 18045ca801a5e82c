// Reads the answer to a put: a verdict on each point, or the reason why there is none.

import type { DataPoint } from '../../../model/point.ts';
import { errorClassOf, isTimeout, type ErrorClass } from '../error-class.ts';
import { NoVerdict, quoted, retryAfterMs } from '../../no-verdict.ts';
import { field, parseJson } from '../../json-answer.ts';
import { errorMessage } from './error-message.ts';
import type { Answer } from '../../http-post.ts';

export interface FailedPoint {
  readonly point: DataPoint;
  readonly errorClass: ErrorClass;
  /** As OpenTSDB wrote it. */
  readonly message: string;
}

/**
 * `verdict`: every point was accepted except `failed`. `too-large`: the body exceeds the receiver's limit.
 * `unattributed`: some points failed, and the answer does not name them. `refused`: the whole body was refused, possibly
 * because of a single point.
 */
export type PutAnswer =
  | { readonly kind: 'verdict'; readonly failed: readonly FailedPoint[] }
  | { readonly kind: 'too-large' | 'unattributed' | 'refused'; readonly message: string };

/** The members of an answer with `details`, where they have the expected types. */
interface Summary {
  readonly success: number;
  readonly failed: number;
  readonly timeouts: number;
  /** Undefined or empty: the answer has counts only. */
  readonly errors: readonly unknown[] | undefined;
}

/**
 * Reads the answer to POST /api/put?sync&details with these points. Only a 204, and JSON whose counts and errors match
 * the points, are verdicts. Receivers other than OpenTSDB answer 204 to every body that they can read.
 *
 * @throws NoVerdict for any other answer
 */
export function readPutAnswer(answer: Answer, points: readonly DataPoint[], nowMs: number): PutAnswer {
  const { status, text } = answer;
  if (status === 204) return { kind: 'verdict', failed: [] };
  if (status === 413) return { kind: 'too-large', message: described(answer) };
  if (status !== 200 && status !== 400) throw noVerdict(answer, nowMs);
  if (!answer.isWhole) return { kind: 'unattributed', message: `answered ${status} with more than 1 MB` };
  const summary = summaryOf(text);
  if (summary !== undefined) return verdictOf(summary, points, answer);
  const message = errorMessage(text);
  if (status === 400 && message !== undefined) return bodyRefused(message, points, answer);
  if (status === 400 && /chunked request not supported/i.test(text))
    return { kind: 'too-large', message: described(answer) };
  throw noVerdict(answer, nowMs);
}

/** Reports an answer that accepts all points, without needing the points; `readPutAnswer` agrees. */
export function acceptsAll({ status, text, isWhole }: Answer, pointCount: number): boolean {
  if (status === 204) return true;
  const summary = status === 200 && isWhole ? summaryOf(text) : undefined;
  return summary !== undefined && hasNoFailure(summary, pointCount);
}

function noVerdict(answer: Answer, nowMs: number): NoVerdict {
  return new NoVerdict(described(answer), { retryAfterMs: retryAfterMs(answer.retryAfter, nowMs) });
}

function described({ status, text }: Answer): string {
  return `answered ${status}: ${quoted(text)}`;
}

function bodyRefused(message: string, points: readonly DataPoint[], answer: Answer): PutAnswer {
  if (/^The put call has timed ?out/i.test(message))
    return { kind: 'verdict', failed: points.map((point) => storageFailed(point, message)) };
  if (/^One or more data points had errors/i.test(message)) return { kind: 'unattributed', message };
  // OpenTSDB received no points although the body had some: a proxy has dropped the body.
  if (/^(No datapoints found|Missing request content)/i.test(message)) throw new NoVerdict(described(answer));
  return { kind: 'refused', message };
}

function hasNoFailure({ success, failed, timeouts, errors }: Summary, pointCount: number): boolean {
  return failed === 0 && timeouts === 0 && success === pointCount && !errors?.length;
}

function verdictOf(summary: Summary, points: readonly DataPoint[], answer: Answer): PutAnswer {
  if (hasNoFailure(summary, points.length)) return { kind: 'verdict', failed: [] };
  const { success, failed, timeouts, errors } = summary;
  const hasCountsOnly = !errors?.length && timeouts === 0 && success + failed === points.length;
  // A 400 means that points were refused before they reached the storage: some are invalid.
  if (hasCountsOnly && answer.status === 400 && success > 0)
    return { kind: 'unattributed', message: described(answer) };
  const { named, hasTimeout, unmatchedCount } = attributeErrors(errors ?? [], points);
  const isTimedOut = hasTimeout || timeouts > 0;
  const isConsistent =
    !isTimedOut && unmatchedCount === 0 && failed === named.size && success === points.length - failed;
  const message = isTimedOut
    ? 'Write timedout'
    : `the counts do not fit the batch of ${points.length}: ${described(answer)}`;
  const others = isConsistent ? [] : points.filter((_, index) => !named.has(index));
  return { kind: 'verdict', failed: [...named.values(), ...others.map((point) => storageFailed(point, message))] };
}

function storageFailed(point: DataPoint, message: string): FailedPoint {
  return { point, errorClass: 'storage', message };
}

interface AttributedErrors {
  /** By index in the batch. */
  readonly named: ReadonlyMap<number, FailedPoint>;
  /** The point beside `Write timedout` is ignored: OpenTSDB 2.4.1 may name the wrong one. */
  readonly hasTimeout: boolean;
  /** Errors about points that are not in the batch. */
  readonly unmatchedCount: number;
}

function attributeErrors(errors: readonly unknown[], points: readonly DataPoint[]): AttributedErrors {
  const named = new Map<number, FailedPoint>();
  let hasTimeout = false;
  let unmatchedCount = 0;
  for (const item of errors) {
    const error = field(item, 'error');
    const message = typeof error === 'string' ? error.slice(0, 300) : 'an error without words';
    if (isTimeout(message)) {
      hasTimeout = true;
      continue;
    }
    const echo = field(item, 'datapoint');
    const index = points.findIndex((point, at) => !named.has(at) && isEchoOf(echo, point));
    const point = points[index];
    if (point === undefined) unmatchedCount += 1;
    else named.set(index, { point, errorClass: errorClassOf(message), message });
  }
  return { named, hasTimeout, unmatchedCount };
}

/** OpenTSDB echoes the value as text and the timestamp as a number, and may add tags (tsd.http.header_tag). */
function isEchoOf(echo: unknown, { metric, timestamp, value, tags }: DataPoint): boolean {
  if (field(echo, 'metric') !== metric || Number(field(echo, 'timestamp')) !== timestamp) return false;
  const echoed = field(echo, 'value');
  if (echoed !== value && Number(echoed ?? NaN) !== Number(value)) return false;
  const echoedTags = field(echo, 'tags');
  return Object.entries(tags).every(([name, tag]) => field(echoedTags, name) === tag);
}

function summaryOf(text: string): Summary | undefined {
  const json = parseJson(text);
  const success = field(json, 'success');
  const failed = field(json, 'failed');
  if (typeof success !== 'number' || typeof failed !== 'number') return undefined;
  const timeouts = field(json, 'timeouts');
  const errors = field(json, 'errors');
  return {
    success,
    failed,
    timeouts: typeof timeouts === 'number' ? timeouts : 0,
    errors: Array.isArray(errors) ? errors : undefined,
  };
}
