// The OpenTSDB sink over HTTP. It posts to /api/put with `sync` and `details`; the answer has a verdict on each point.

import type { Clock } from '../../../runtime/clock.ts';
import { withAnySignal } from '../../../runtime/deadline.ts';
import type { Log } from '../../../runtime/log.ts';
import type { DataPoint } from '../../../model/point.ts';
import {
  allAccepted,
  type AnnotationCounts,
  type Ruling,
  type Sink,
  type SinkBatch,
  batchValueCounts,
  valueCounts,
  type Verdict,
} from '../../../model/sink.ts';
import { NoVerdict } from '../../no-verdict.ts';
import { batchRenderer } from '../text/batch-text.ts';
import { writeWithDefaultTag } from '../text/default-tag.ts';
import { renderLegal } from '../text/render.ts';
import { countedWrites, type WriteCounts } from '../write-counts.ts';
import { annotationWriter } from './annotations.ts';
import { bodySize } from './body-size.ts';
import { cancellation } from '../../cancellation.ts';
import { tsdHosts } from './hosts.ts';
import { connections } from '../../http-post.ts';
import type { FailedPoint } from './put-answer.ts';
import { putBatch } from './put-batch.ts';
import { putAll, type FirstRequest, type PutContext } from './put.ts';
import { redact, redactVerdict } from '../../redact.ts';
import { assignNames, uidAssigner } from './uid-assignment.ts';

export interface TsdbHttpOptions {
  /** Origins such as http://tsdb.example:4242, optionally with a path prefix and user:password; tried in turn. */
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Bound on a compressed body. OpenTSDB refuses more than 8192 bytes by default. */
  readonly putMaxBytes?: number;
  /** Assign unknown metrics, tag names and tag values by /api/uid/assign; default true. */
  readonly assignUids?: boolean;
  /** Extra request headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A PEM file of certificate authorities to trust instead of those of Node. */
  readonly caFile?: string | undefined;
  /** Default `opentsdb`. */
  readonly name?: string;
}

export interface SinkStatus extends WriteCounts {
  /** The current host, without password. */
  readonly url: string;
}

export interface OpenTsdbSink extends Sink {
  status(): SinkStatus & { readonly annotations?: AnnotationCounts };
}

const timeoutMs = 15_000;

/**
 * Opens the sink; it connects at the first write. Concurrent writes are allowed. A write throws NoVerdict unless a host
 * gives a verdict on every point.
 *
 * @throws Error for a URL that cannot be used and a CA file that cannot be read
 */
export function openTsdbHttp(options: TsdbHttpOptions): OpenTsdbSink {
  const { urls, clock, log, putMaxBytes = 8192, assignUids = true, headers = {}, caFile, name = 'opentsdb' } = options;
  const hosts = tsdHosts({ urls, clock, log });
  const open = connections(caFile);
  const size = bodySize(putMaxBytes, clock);
  const cancel = cancellation(clock, timeoutMs);
  const context: PutContext = { hosts, connections: open, size, headers, clock, cancellation: cancel };
  const closing = new AbortController();
  const queries = { connections: open, headers, clock, timeoutMs, signal: closing.signal };
  const assignUid = uidAssigner({ ...queries, host: hosts.current });
  const annotations = annotationWriter(context, log);
  const renderBatch = batchRenderer(putMaxBytes);
  const redactText = redact(urls, headers);
  const writes = countedWrites(redactText);

  async function putPoints(points: readonly DataPoint[], signal: AbortSignal, first?: FirstRequest): Promise<Verdict> {
    const withValue = points.filter(({ only }) => only === undefined);
    const { legal, rejected } = renderLegal(withValue, 'json', putMaxBytes);
    const unresolved = legal.length === 0 ? [] : await putAll(context, legal, signal, first);
    const failed = assignUids ? await assignNames(assignUid, unresolved, signal) : unresolved;
    const verdict = {
      rejected: [...rejected, ...failed.filter(({ errorClass }) => errorClass !== 'storage').map(withReason)],
      kept: failed.filter(({ errorClass }) => errorClass === 'storage').map(withReason),
    };
    return annotations.write(points, verdict, signal);
  }

  async function writePoints(
    points: readonly DataPoint[],
    signal: AbortSignal,
    first?: FirstRequest,
  ): Promise<Verdict> {
    const verdict = await withAnySignal([signal, closing.signal], (either) =>
      writeWithDefaultTag(points, (tagged) => putPoints(tagged, either, first)),
    );
    return redactVerdict(verdict, redactText);
  }

  /** Most batches are accepted whole, at no cost for each point. */
  async function writeBatch(batch: SinkBatch, signal: AbortSignal): Promise<Verdict> {
    const text = renderBatch(batch.deliveries);
    if (text === undefined) return writePoints(batch.points, signal);
    const first = await putBatch(context, batch, text, signal);
    if (first.answer?.kind !== 'verdict' || first.answer.failed.length > 0)
      return writePoints(batch.points, signal, first);
    size.recordAccepted(first.body.length);
    return allAccepted;
  }

  return {
    name,
    batchPoints: size.batchPoints,
    write: (points, { signal }) =>
      writes.count(writePoints(points, signal), signal, (verdict) => valueCounts(points, verdict)),
    writeBatch: (batch, { signal }) =>
      writes.count(writeBatch(batch, signal), signal, (verdict) => batchValueCounts(batch, verdict)),
    async close() {
      const reason = new NoVerdict('the sink is closed');
      closing.abort(reason);
      cancel.close(reason);
      open.close();
    },
    annotations: annotations.counts,
    status: () => ({ url: hosts.current().label, ...writes.counts(), annotations: annotations.counts() }),
  };
}

function withReason({ point, message }: FailedPoint): Ruling {
  return { point, reason: message };
}
