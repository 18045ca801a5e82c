// Reads what OpenTSDB answers to a put: which points it took, which it refused and in what words, or that it has not ruled.

import type { DataPoint } from '../../../model/point.ts';
import { classOf, isTimeout, type ErrorClass } from '../error-class.ts';
import { NoVerdict, quoted } from '../no-verdict.ts';
import type { Answer } from './post.ts';

/** A point that was not taken. */
export interface Failed {
  readonly point: DataPoint;
  readonly error: ErrorClass;
  /** OpenTSDB's words. */
  readonly words: string;
}

/**
 * `ruled`: every point was taken but those. `too-large`: the body was. `unnamed`: some points were refused, and not said
 * which. `refused`: the whole body was, which one point in it may have caused.
 */
export type PutAnswer =
  | { readonly kind: 'ruled'; readonly failed: readonly Failed[] }
  | { readonly kind: 'too-large' | 'unnamed' | 'refused'; readonly words: string };

/** What stands in a ruling, as far as it has the right types. */
interface Summary {
  readonly success: number;
  readonly failed: number;
  readonly timeouts: number;
  /** Undefined or empty: the answer tells counts only. */
  readonly errors: readonly unknown[] | undefined;
}

/**
 * The ruling on `points` in an answer to POST /api/put?sync&details. Only a 204, and JSON whose counts and errors fit the
 * points, rule on anything; receivers other than OpenTSDB answer 204 to everything they can read.
 *
 * @throws NoRuling for every other answer
 */
export function readPutAnswer(answer: Answer, points: readonly DataPoint[], nowMs: number): PutAnswer {
  const { status, text } = answer;
  if (status === 204) return { kind: 'ruled', failed: [] };
  if (status === 413) return { kind: 'too-large', words: says(answer) };
  if (status !== 200 && status !== 400) throw notARuling(answer, nowMs);
  if (!answer.isWhole) return { kind: 'unnamed', words: `answered ${status} with more than 1 MB` };
  const json = parsed(text);
  const summary = summaryOf(json);
  if (summary !== undefined) return ruling(summary, points, answer);
  const message = errorMessage(json);
  if (status === 400 && message !== undefined) return wholeRefused(message, points, answer);
  if (status === 400 && /chunked request not supported/i.test(text)) return { kind: 'too-large', words: says(answer) };
  throw notARuling(answer, nowMs);
}

/** Whether the answer says that all of so many points were taken, and nothing else: then `readPutAnswer` finds none that failed. */
export function isWhollyTaken({ status, text, isWhole }: Answer, pointCount: number): boolean {
  if (status === 204) return true;
  const summary = status === 200 && isWhole ? summaryOf(parsed(text)) : undefined;
  return summary !== undefined && isAllTaken(summary, pointCount);
}

/** The message of OpenTSDB's error object, HttpJsonSerializer.formatErrorV1. */
export function errorMessage(json: unknown): string | undefined {
  const message = field(field(json, 'error'), 'message');
  return typeof message === 'string' ? message : undefined;
}

/** An answer that rules on nothing, as an error. */
function notARuling(answer: Answer, nowMs: number): NoVerdict {
  return new NoVerdict(says(answer), { retryAfterMs: retryAfterMs(answer.retryAfter, nowMs) });
}

function says({ status, text }: Answer): string {
  return `answered ${status}: ${quoted(text)}`;
}

/** A pause is believed up to an hour. */
function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return ms > 0 ? Math.min(ms, 3_600_000) : undefined;
}

function wholeRefused(message: string, points: readonly DataPoint[], answer: Answer): PutAnswer {
  if (/^The put call has timed ?out/i.test(message))
    return { kind: 'ruled', failed: points.map((point) => kept(point, message)) };
  if (/^One or more data points had errors/i.test(message)) return { kind: 'unnamed', words: message };
  // These are said of a body without points, and ours had some: something on the way has lost it.
  if (/^(No datapoints found|Missing request content)/i.test(message)) throw new NoVerdict(says(answer));
  return { kind: 'refused', words: message };
}

function isAllTaken({ success, failed, timeouts, errors }: Summary, pointCount: number): boolean {
  return failed === 0 && timeouts === 0 && success === pointCount && !errors?.length;
}

function ruling(summary: Summary, points: readonly DataPoint[], answer: Answer): PutAnswer {
  if (isAllTaken(summary, points.length)) return { kind: 'ruled', failed: [] };
  const { success, failed, timeouts, errors } = summary;
  const hasCountsOnly = !errors?.length && timeouts === 0 && success + failed === points.length;
  // Only what was refused before the storage makes it a 400: some of the points are at fault for good.
  if (hasCountsOnly && answer.status === 400 && success > 0) return { kind: 'unnamed', words: says(answer) };
  const { named, isTimedOut, unmatched } = nameFailed(errors ?? [], points);
  const fits =
    !isTimedOut && timeouts === 0 && unmatched === 0 && failed === named.size && success === points.length - failed;
  const rest =
    isTimedOut || timeouts > 0
      ? 'Write timedout'
      : `the counts do not fit the batch of ${points.length}: ${says(answer)}`;
  const unknown = fits ? [] : points.filter((_, index) => !named.has(index)).map((point) => kept(point, rest));
  return { kind: 'ruled', failed: [...named.values(), ...unknown] };
}

function kept(point: DataPoint, words: string): Failed {
  return { point, error: 'storage', words };
}

interface Naming {
  /** By the place in the batch. */
  readonly named: ReadonlyMap<number, Failed>;
  /** OpenTSDB 2.4.1 may put the wrong point beside `Write timedout`, so that these name nobody. */
  readonly isTimedOut: boolean;
  /** Errors about points that are not in the batch. */
  readonly unmatched: number;
}

function nameFailed(errors: readonly unknown[], points: readonly DataPoint[]): Naming {
  const named = new Map<number, Failed>();
  let isTimedOut = false;
  let unmatched = 0;
  for (const item of errors) {
    const error = field(item, 'error');
    const words = typeof error === 'string' ? error.slice(0, 300) : 'an error without words';
    if (isTimeout(words)) {
      isTimedOut = true;
      continue;
    }
    const echo = field(item, 'datapoint');
    const index = points.findIndex((point, at) => !named.has(at) && isEchoOf(echo, point));
    const point = points[index];
    if (point === undefined) unmatched += 1;
    else named.set(index, { point, error: classOf(words), words });
  }
  return { named, isTimedOut, unmatched };
}

/** OpenTSDB echoes the value as text, the timestamp as a number, and may have added tags of its own (tsd.http.header_tag). */
function isEchoOf(echo: unknown, { metric, timestamp, value, tags }: DataPoint): boolean {
  if (field(echo, 'metric') !== metric || Number(field(echo, 'timestamp')) !== timestamp) return false;
  const echoed = field(echo, 'value');
  if (echoed !== value && Number(echoed ?? NaN) !== Number(value)) return false;
  const echoedTags = field(echo, 'tags');
  return Object.entries(tags).every(([name, tag]) => field(echoedTags, name) === tag);
}

function summaryOf(json: unknown): Summary | undefined {
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
