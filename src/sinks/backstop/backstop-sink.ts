// The Backstop sink: POST /publish/PREFIX of a Backstop or of another bridge.

import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { isFactored, expanded } from '../../model/factored-points.ts';
import type { DataPoint, Points } from '../../model/point.ts';
import { allAccepted, type Ruling, type Sink, type Verdict } from '../../model/sink.ts';
import { cancellation } from '../cancellation.ts';
import { connections } from '../http-post.ts';
import { NoVerdict } from '../no-verdict.ts';
import { redact, redactVerdict } from '../redact.ts';
import { type BackstopNames, type Element, renderElement } from './element.ts';
import { publishAll, type PublishContext } from './publish.ts';
import { backstopSinkName, publishAddress } from './publish-address.ts';
import { type BackstopRecord, recordsOf } from './record.ts';
import { requestSize } from './request-size.ts';

export interface BackstopSinkOptions {
  /** Such as https://user:password@backstop.example/publish/PREFIX; points are posted to it as it is. */
  readonly url: string;
  readonly names: BackstopNames;
  /** A PEM file of certificate authorities to trust instead of those of Node. */
  readonly caFile?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** As docker-stats-to-backstop waits. */
const timeoutMs = 32_000;
const batchPoints = 1_000;

/**
 * Opens the sink; it connects at the first write. A point is accepted when the receiver has answered 2xx; a bridge also
 * names the points that it rejects. Each delivery has an id, by which a bridge stores it once; any other receiver may get it
 * more than once.
 *
 * @throws Error for a URL that cannot be used and a CA file that cannot be read; the message omits the password
 */
export function backstopSink({ url, names, caFile, clock, log }: BackstopSinkOptions): Sink {
  const open = connections(caFile);
  const cancel = cancellation(clock, timeoutMs);
  const size = requestSize(clock);
  const redactText = redact([url], {});
  const context: PublishContext = {
    ...publishAddress(url),
    connections: open,
    headers: {},
    cancellation: cancel,
    size,
    clock,
    redact: redactText,
    log,
  };
  let skipped = 0;

  async function write(deliveries: readonly Points[], signal: AbortSignal): Promise<Verdict> {
    cancel.throwIfCancelled(signal);
    const { records, rejected, annotationCount } = rendered(deliveries, names, size.maxBytes());
    const published = records.length === 0 ? allAccepted : await publishRedacted(records, signal);
    skipped += annotationCount;
    return { rejected: [...rejected, ...published.rejected], kept: published.kept };
  }

  async function publishRedacted(records: readonly BackstopRecord[], signal: AbortSignal): Promise<Verdict> {
    try {
      return redactVerdict(await publishAll(context, records, signal), redactText);
    } catch (error) {
      throw signal.aborted ? error : Object.assign(error as Error, { message: redactText((error as Error).message) });
    }
  }

  return {
    name: backstopSinkName(url),
    batchPoints: () => batchPoints,
    write: (points, { signal }) => write([points], signal),
    writeBatch: ({ deliveries }, { signal }) => write(deliveries, signal),
    async close() {
      cancel.close(new NoVerdict('the sink is closed'));
      open.close();
    },
    annotations: () => ({ written: 0, skipped }),
  };
}

interface Rendered {
  /** Equal deliveries have one record. */
  readonly records: readonly BackstopRecord[];
  readonly rejected: readonly Ruling[];
  readonly annotationCount: number;
}

/** @param maxBytes - bound on a record */
function rendered(deliveries: readonly Points[], names: BackstopNames, maxBytes: number): Rendered {
  const records = new Map<string, BackstopRecord>();
  const rejected: Ruling[] = [];
  let annotationCount = 0;
  for (const points of deliveries) {
    const elements: Element[] = [];
    for (const point of pointsOf(points)) {
      if (point.annotation !== undefined) annotationCount += 1;
      if (point.only === 'annotation') continue;
      const element = renderElement(point, names);
      if ('fault' in element) rejected.push({ point, reason: `not sent: ${element.fault}` });
      else elements.push(element);
    }
    for (const record of recordsOf(elements, maxBytes)) records.set(record.id, record);
  }
  return { records: [...records.values()], rejected, annotationCount };
}

function pointsOf(points: Points): readonly DataPoint[] {
  return isFactored(points) ? expanded(points) : points;
}
