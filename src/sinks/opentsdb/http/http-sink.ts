// The OpenTSDB sink: points by POST /api/put with sync and details, which tells the fate of each of them.

import { readFileSync } from 'node:fs';
import type { Clock } from '../../../runtime/clock.ts';
import { linked } from '../../../runtime/deadline.ts';
import type { Log } from '../../../runtime/log.ts';
import type { DataPoint } from '../../../model/point.ts';
import {
  allAccepted,
  type AnnotationCounts,
  type Ruling,
  type Sink,
  type SinkBatch,
  talliedBatch,
  talliedValues,
  type ValueTally,
  type Verdict,
} from '../../../model/sink.ts';
import { annotationWriter, type AnnotationWriter } from './annotations.ts';
import { batchRenderer } from '../text/batch-text.ts';
import { bodySize } from './body-size.ts';
import { redact, redactedVerdict } from './redact.ts';
import { hosts } from './hosts.ts';
import { NoVerdict } from '../no-verdict.ts';
import { renderLegal } from '../text/render.ts';
import { connections } from './post.ts';
import type { Failed } from './put-answer.ts';
import { putAll, type PutBefore, type PutOptions } from './put.ts';
import { putBatch } from './put-batch.ts';
import { requestBounds } from './request-bounds.ts';
import { writeWithDefaultTag } from '../text/default-tag.ts';
import { uidAssigner, type UidAssigner } from './uid-assign.ts';
import { assignNames } from './unknown-names.ts';

export interface TsdbHttpOptions {
  /** Origins such as http://tsdb.example:4242, with a path prefix and user:password where given; tried in turn. */
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Bound on a compressed body; OpenTSDB refuses more than 8192 bytes unless told otherwise. */
  readonly putMaxBytes?: number;
  /** Whether unknown metrics, tag names and tag values are assigned by /api/uid/assign; default true. */
  readonly assignUids?: boolean;
  /** Extra request headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A PEM file of certificate authorities to trust instead of the usual ones. */
  readonly caFile?: string | undefined;
  /** Default `opentsdb`. */
  readonly name?: string;
}

export interface SinkStatus {
  /** Where the points go now, without password. */
  readonly url: string;
  /** Since the start. */
  readonly accepted: number;
  readonly rejected: number;
  /** Rulings that a point could not be taken now; one point may have several. */
  readonly kept: number;
  /** What was last said against a point or a batch; undefined after a batch that was taken whole. */
  readonly lastError: string | undefined;
}

export interface OpenTsdbSink extends Sink {
  status(): SinkStatus & { readonly annotations?: AnnotationCounts };
}

const timeoutMs = 15_000;
const syncTimeoutMs = 10_000;

/**
 * Opens the sink; connects when points come.
 *
 * `write` may be called while others are under way. It throws a NoRuling when no host has ruled on all of the points.
 *
 * @throws Error for a URL that cannot be used and a CA file that cannot be read
 */
export function openTsdbHttp(options: TsdbHttpOptions): OpenTsdbSink {
  const { urls, clock, log, putMaxBytes = 8192, assignUids = true, headers = {}, caFile, name = 'opentsdb' } = options;
  const all = hosts({ urls, clock, log });
  const open = connections(caFile === undefined ? undefined : readFileSync(caFile, 'utf8'));
  const size = bodySize(putMaxBytes, clock);
  const hide = redact({ urls, headers });
  const closing = new AbortController();
  const bounds = requestBounds(clock, timeoutMs);
  const put: PutOptions = { hosts: all, connections: open, size, headers, clock, bounds, syncTimeoutMs };
  const assigner = assignUids
    ? uidAssigner({ host: all.current, connections: open, headers, clock, timeoutMs, signal: closing.signal })
    : undefined;
  const annotations = annotationWriter(put, log);
  const ruler = { put, assigner, annotations, putMaxBytes };
  const textOf = batchRenderer(putMaxBytes);
  const tally = { accepted: 0, rejected: 0, kept: 0, lastError: undefined as string | undefined };

  async function ruled(points: readonly DataPoint[], signal: AbortSignal, before?: PutBefore): Promise<Verdict> {
    const verdict = await linked([signal, closing.signal], (either) =>
      writeWithDefaultTag(points, (sent) => rule(ruler, sent, either, before)),
    );
    return redactedVerdict(verdict, hide);
  }

  /** Most batches are taken whole: nothing is done for each of their points. */
  async function ruledBatch(batch: SinkBatch, signal: AbortSignal): Promise<Verdict> {
    const text = textOf(batch.deliveries);
    if (text === undefined) return ruled(batch.points, signal);
    const before = await putBatch(put, { batch, text }, signal);
    if (before.answer?.kind !== 'ruled' || before.answer.failed.length > 0) return ruled(batch.points, signal, before);
    size.taken(before.body.length);
    return allAccepted;
  }

  async function counted(
    verdict: Promise<Verdict>,
    signal: AbortSignal,
    tallied: (verdict: Verdict) => ValueTally,
  ): Promise<Verdict> {
    try {
      count(tally, await verdict, tallied);
      return await verdict;
    } catch (error) {
      tally.lastError = hide((error as Error).message);
      throw Object.assign(error as Error, signal.aborted ? {} : { message: tally.lastError });
    }
  }

  return {
    name,
    batchPoints: size.batchPoints,
    write: (points, { signal }) => counted(ruled(points, signal), signal, (verdict) => talliedValues(points, verdict)),
    writeBatch: (batch, { signal }) =>
      counted(ruledBatch(batch, signal), signal, (verdict) => talliedBatch(batch, verdict)),
    async close() {
      const reason = new NoVerdict('the sink is closed');
      closing.abort(reason);
      bounds.close(reason);
      open.close();
    },
    annotations: annotations.counts,
    status: () => ({ url: all.current().label, ...tally, annotations: annotations.counts() }),
  };
}

interface Ruler {
  readonly put: PutOptions;
  readonly assigner: UidAssigner | undefined;
  readonly annotations: AnnotationWriter;
  readonly putMaxBytes: number;
}

async function rule(
  { put, assigner, annotations, putMaxBytes }: Ruler,
  points: readonly DataPoint[],
  signal: AbortSignal,
  before?: PutBefore,
): Promise<Verdict> {
  const { legal, rejected } = renderLegal(
    points.filter(({ only }) => only === undefined),
    'json',
    putMaxBytes,
  );
  const failed = legal.length === 0 ? [] : await putAll(put, legal, signal, before);
  const strangers = failed.filter(({ error }) => error === 'unknown-name');
  const settled =
    assigner === undefined || strangers.length === 0 ? strangers : await assignNames(assigner, strangers, signal);
  const ruled = [...failed.filter(({ error }) => error !== 'unknown-name'), ...settled];
  const verdict = {
    rejected: [...rejected, ...ruled.filter(({ error }) => error !== 'storage').map(ruling)],
    kept: ruled.filter(({ error }) => error === 'storage').map(ruling),
  };
  return annotations.write(points, verdict, signal);
}

function ruling({ point, words }: Failed): Ruling {
  return { point, reason: words };
}

type Tally = { -readonly [Key in keyof Omit<SinkStatus, 'url'>]: SinkStatus[Key] };

function count(tally: Tally, verdict: Verdict, tallied: (verdict: Verdict) => ValueTally): void {
  const { accepted, rejected, kept } = tallied(verdict);
  tally.accepted += accepted;
  tally.rejected += rejected;
  tally.kept += kept;
  tally.lastError = verdict.kept[0]?.reason ?? verdict.rejected[0]?.reason;
}
