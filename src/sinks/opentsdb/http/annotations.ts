// Writes the annotations of accepted points by POST /api/annotation/bulk.

import type { Log } from '../../../runtime/log.ts';
import type { Annotation, DataPoint } from '../../../model/point.ts';
import type { AnnotationCounts, Ruling, Verdict } from '../../../model/sink.ts';
import { NoVerdict, quoted } from '../../no-verdict.ts';
import { errorMessage } from './error-message.ts';
import { type Answer, gzipped, post } from '../../http-post.ts';
import type { PutContext } from './put.ts';
import { requestGroups } from '../../request-groups.ts';

interface AnnotationWriter {
  /**
   * Writes the annotations of the points that the verdict accepts. Returns the verdict with those that failed added.
   * Throws only when the signal aborts.
   */
  write(points: readonly DataPoint[], verdict: Verdict, signal: AbortSignal): Promise<Verdict>;
  counts(): AnnotationCounts;
}

type AnnotatedPoint = DataPoint & { readonly annotation: Annotation };

/** Uncompressed, without the brackets; half of OpenTSDB's limit. */
const maxListBytes = 4094;
/** A receiver without annotations is asked again after this time. */
const unsupportedMs = 3_600_000;

/** A receiver without the endpoint, such as VictoriaMetrics, is logged once, and its annotations count as skipped. */
export function annotationWriter(context: PutContext, log: Log): AnnotationWriter {
  const counts = { written: 0, skipped: 0 };
  let unsupportedUntilMs = -Infinity;
  let isLogged = false;

  function recordUnsupported({ status }: Answer): void {
    unsupportedUntilMs = context.clock.steady() + unsupportedMs;
    if (!isLogged) log.warn({ status }, 'the receiver takes no annotations; they are left out, the points are written');
    isLogged = true;
  }

  async function writeGroup(group: readonly AnnotatedPoint[], signal: AbortSignal): Promise<Verdict> {
    const skip = (): Verdict => {
      counts.skipped += group.length;
      return { rejected: [], kept: [] };
    };
    if (context.clock.steady() < unsupportedUntilMs) return skip();
    const body = await gzipped(`[${group.map(({ annotation }) => renderAnnotation(annotation)).join(',')}]`);
    const answer = await postAnnotations(context, body, signal);
    const outcome = outcomeOf(answer);
    if (outcome === 'unsupported') {
      recordUnsupported(answer);
      return skip();
    }
    if (outcome === 'written') {
      counts.written += group.length;
      return { rejected: [], kept: [] };
    }
    if (group.length > 1) {
      const singly = group.map((one) => [one]);
      return joined(singly, (one) => writeGroup(one, signal));
    }
    return { rejected: group.map((point) => annotationFailed(point, described(answer))), kept: [] };
  }

  /** Keeps a group that fails: if the write threw, its points would be written again as well. */
  async function writeOrKeep(group: readonly AnnotatedPoint[], signal: AbortSignal): Promise<Verdict> {
    try {
      return await writeGroup(group, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return { rejected: [], kept: group.map((point) => annotationFailed(point, (error as Error).message)) };
    }
  }

  return {
    counts: () => counts,
    async write(points, { rejected, kept }, signal) {
      const annotated = points.filter(isAnnotated);
      if (annotated.length === 0) return { rejected, kept };
      const failed = new Set([...rejected, ...kept].map(({ point }) => point));
      const accepted = annotated.filter((point) => !failed.has(point));
      const groups = requestGroups(accepted, listBytes, maxListBytes);
      const added = await joined(groups, (group) => writeOrKeep(group, signal));
      return { rejected: [...rejected, ...added.rejected], kept: [...kept, ...added.kept] };
    },
  };
}

function postAnnotations(context: PutContext, body: Buffer, signal: AbortSignal): Promise<Answer> {
  const host = context.hosts.current();
  return post(context, { host, path: `${host.prefix}/api/annotation/bulk`, body, isGzipped: true, signal });
}

function isAnnotated(point: DataPoint): point is AnnotatedPoint {
  return point.annotation !== undefined;
}

/** Writes groups one after another, and joins their verdicts. */
async function joined<Group>(groups: readonly Group[], write: (group: Group) => Promise<Verdict>): Promise<Verdict> {
  const rejected: Ruling[] = [];
  const kept: Ruling[] = [];
  for (const group of groups) {
    const verdict = await write(group);
    rejected.push(...verdict.rejected);
    kept.push(...verdict.kept);
  }
  return { rejected, kept };
}

/** Without a tsuid it is a global annotation. Equal annotations give equal bytes. */
function renderAnnotation({ startMs, endMs, description, notes, custom }: Annotation): string {
  return JSON.stringify({
    startTime: annotationTime(startMs),
    ...(endMs !== undefined && { endTime: annotationTime(endMs) }),
    description,
    notes,
    custom,
  });
}

/** OpenTSDB documents seconds and takes milliseconds too. Grafana reads seconds alone. */
function annotationTime(ms: number): number {
  return ms % 1000 === 0 ? ms / 1000 : ms;
}

/** With a comma. */
function listBytes({ annotation }: AnnotatedPoint): number {
  return Buffer.byteLength(renderAnnotation(annotation)) + 1;
}

/** 304: the same annotation is stored already. */
function outcomeOf(answer: Answer): 'written' | 'unsupported' | 'refused' {
  const { status, text } = answer;
  if ((status >= 200 && status < 300) || status === 304) return 'written';
  if (status === 404 || status === 405 || status === 501 || (status === 400 && !isFromOpenTsdb(text)))
    return 'unsupported';
  if (status === 400) return 'refused';
  throw new NoVerdict(described(answer));
}

/** OpenTSDB answers with an error object, or in HTML to a body that is too large. VictoriaMetrics answers in plain text. */
function isFromOpenTsdb(text: string): boolean {
  return /chunked request not supported/i.test(text) || errorMessage(text) !== undefined;
}

function described({ status, text }: Answer): string {
  return `answered ${status}: ${quoted(text)}`;
}

function annotationFailed(point: AnnotatedPoint, message: string): Ruling {
  return { point, reason: `annotation alone, its point is stored: ${message}`, isStored: true };
}
