// Writes the annotations that points carry by POST /api/annotation/bulk, beside the points that were taken.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Log } from '../../../runtime/log.ts';
import type { Annotation, DataPoint } from '../../../model/point.ts';
import type { AnnotationCounts, Ruling, Verdict } from '../../../model/sink.ts';
import { NoVerdict, quoted } from '../no-verdict.ts';
import { type Answer, post } from './post.ts';
import { errorMessage } from './put-answer.ts';
import type { PutOptions } from './put.ts';

export interface AnnotationWriter {
  /** Adds to the verdict on points what became of the annotations of those that were taken. Throws only for the signal. */
  write(points: readonly DataPoint[], verdict: Verdict, signal: AbortSignal): Promise<Verdict>;
  counts(): AnnotationCounts;
}

type Annotated = DataPoint & { readonly annotation: Annotation };

/** Below OpenTSDB's bound on a body. */
const maxBodyBytes = 4096;
/** How long a receiver without annotations is believed to have none. */
const askAgainAfterMs = 3_600_000;

/**
 * The writer of a sink. A receiver that has no such end point, as VictoriaMetrics has none, is told of once in the log, and its
 * annotations are counted as skipped; their points are written all the same.
 */
export function annotationWriter(options: PutOptions, log: Log): AnnotationWriter {
  const counts = { written: 0, skipped: 0 };
  let absentUntilMs = -Infinity;
  let isTold = false;

  function absent(answer: Answer): void {
    absentUntilMs = options.clock.steady() + askAgainAfterMs;
    if (!isTold)
      log.warn(
        { status: answer.status },
        'the receiver takes no annotations; they are left out, the points are written',
      );
    isTold = true;
  }

  async function writeGroup(group: readonly Annotated[], signal: AbortSignal): Promise<Verdict> {
    const skipped = (): Verdict => {
      counts.skipped += group.length;
      return { rejected: [], kept: [] };
    };
    if (options.clock.steady() < absentUntilMs) return skipped();
    const answer = await postGroup(options, group, signal);
    const fate = fateOf(answer);
    if (fate === 'absent') {
      absent(answer);
      return skipped();
    }
    if (fate === 'refused' && group.length > 1)
      return all(
        group.map((one) => [one]),
        (one) => writeGroup(one, signal),
      );
    if (fate === 'written') counts.written += group.length;
    const rulings = fate === 'written' ? [] : group.map((point) => ruling(point, answer));
    return fate === 'refused' ? { rejected: rulings, kept: [] } : { rejected: [], kept: rulings };
  }

  return {
    counts: () => counts,
    async write(points, { rejected, kept }, signal) {
      const annotated = points.filter(isAnnotated);
      if (annotated.length === 0) return { rejected, kept };
      const notTaken = new Set([...rejected, ...kept].map(({ point }) => point));
      const groups = grouped(annotated.filter((point) => !notTaken.has(point)));
      const added = await all(groups, (group) => keptOnFailure(group, signal, () => writeGroup(group, signal)));
      return { rejected: [...rejected, ...added.rejected], kept: [...kept, ...added.kept] };
    },
  };
}

function isAnnotated(point: DataPoint): point is Annotated {
  return point.annotation !== undefined;
}

/** The points were ruled on: were the whole batch thrown back now, they would all be written again. */
async function keptOnFailure(
  group: readonly Annotated[],
  signal: AbortSignal,
  write: () => Promise<Verdict>,
): Promise<Verdict> {
  try {
    return await write();
  } catch (error) {
    if (signal.aborted) throw error;
    return { rejected: [], kept: group.map((point) => aboutAnnotation(point, (error as Error).message)) };
  }
}

async function all<T>(items: readonly T[], rule: (item: T) => Promise<Verdict>): Promise<Verdict> {
  const rejected: Ruling[] = [];
  const kept: Ruling[] = [];
  for (const item of items) {
    const verdict = await rule(item);
    rejected.push(...verdict.rejected);
    kept.push(...verdict.kept);
  }
  return { rejected, kept };
}

function grouped(points: readonly Annotated[]): Annotated[][] {
  const groups: Annotated[][] = [];
  let bytes = Infinity;
  for (const point of points) {
    const size = Buffer.byteLength(renderAnnotation(point.annotation)) + 1;
    if (bytes + size > maxBodyBytes) {
      groups.push([]);
      bytes = 2;
    }
    groups.at(-1)?.push(point);
    bytes += size;
  }
  return groups;
}

/** An element of the array; without a tsuid it is a global annotation. The same annotation gives the same bytes. */
function renderAnnotation({ startMs, endMs, description, notes, custom }: Annotation): string {
  return JSON.stringify({
    startTime: startMs,
    ...(endMs !== undefined && { endTime: endMs }),
    description,
    notes,
    custom,
  });
}

const compressed = promisify(gzip);

async function postGroup(
  { hosts, connections, headers, bounds }: PutOptions,
  group: readonly Annotated[],
  signal: AbortSignal,
): Promise<Answer> {
  const body = await compressed(`[${group.map(({ annotation }) => renderAnnotation(annotation)).join(',')}]`, {
    level: 1,
  });
  const sent = { ...headers, 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const path = '/api/annotation/bulk';
  return post({ connections, host: hosts.current(), path, headers: sent, body, bounds, signal });
}

/** 304: it was there already, the same. */
function fateOf({ status, text }: Answer): 'written' | 'absent' | 'refused' {
  if ((status >= 200 && status < 300) || status === 304) return 'written';
  if (status === 404 || status === 405 || status === 501 || (status === 400 && isNoOpenTsdb(text))) return 'absent';
  if (status === 400) return 'refused';
  throw new NoVerdict(`answered ${status}: ${quoted(text)}`);
}

/** OpenTSDB says what is wrong in an error object, and in HTML when a body is too large; VictoriaMetrics answers 400 to a path that it does not know, in plain text. */
function isNoOpenTsdb(text: string): boolean {
  if (/chunked request not supported/i.test(text)) return false;
  try {
    return errorMessage(JSON.parse(text)) === undefined;
  } catch {
    return true;
  }
}

function ruling(point: Annotated, { status, text }: Answer): Ruling {
  return aboutAnnotation(point, `answered ${status}: ${quoted(text)}`);
}

/** Its point is stored, and neither rejected nor written again with it. */
function aboutAnnotation(point: Annotated, words: string): Ruling {
  return { point, reason: `annotation alone, its point is stored: ${words}`, isStored: true };
}
