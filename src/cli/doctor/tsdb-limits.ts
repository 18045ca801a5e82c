// Whether OpenTSDB's own limits fit the way in which points are put.

import type { Config } from '../../config/config.ts';
import { type TsdLimits, tsdLimits } from '../../sinks/opentsdb/tsd-limits.ts';
import { doubtful, faulty, fine, type Finding, type ProbeContext, unexamined } from '../probes/finding.ts';
import { shownTsdb } from '../probes/opentsdb.ts';

/** A body of this size is taken whatever is configured. */
const wholeBytes = 8192;
const what = 'OpenTSDB limits';

export async function limitsCheck({ tsdb, file }: Config, { clock, signal }: ProbeContext): Promise<Finding[]> {
  if (file !== undefined) return [];
  const { urls, headers, caFile } = tsdb;
  const found = await Promise.all(
    urls.map(async (url) => {
      const shown = shownTsdb(url, 'http');
      const limits = await tsdLimits({ url, headers, caFile, clock, signal }).catch((error: Error) => error);
      signal.throwIfAborted();
      if (limits instanceof Error || limits === undefined)
        return [unexamined(what, `${shown}: does not tell its configuration (/api/config)`)];
      return judged(limits, tsdb).map((finding) => ({ ...finding, words: `${shown}: ${finding.words}` }));
    }),
  );
  return found.flat();
}

function judged(limits: TsdLimits, { put, putMaxBytes, assignUids }: Config['tsdb']): Finding[] {
  const { takesChunks, maxChunkBytes, createsMetrics, isReadOnly } = limits;
  const findings = [
    ...(isReadOnly
      ? [faulty(what, 'tsd.mode is ro: it takes no points', 69, 'point --tsdb-host at one with tsd.mode rw or wo')]
      : []),
    ...(put === 'http' ? sizeFindings(putMaxBytes, takesChunks, maxChunkBytes) : []),
    ...metricFindings(put, createsMetrics, assignUids),
  ];
  const telling = `chunks ${worded(takesChunks)} (max_chunk ${maxChunkBytes ?? 'unknown'}), auto_create_metrics ${worded(createsMetrics)}`;
  return findings.length > 0 ? findings : [fine(what, telling)];
}

function worded(truth: boolean | undefined): string {
  return truth === undefined ? 'unknown' : truth ? 'on' : 'off';
}

/** The limits count compressed bytes. Requests that are refused are halved, so that nothing is lost but time. */
function sizeFindings(
  putMaxBytes: number,
  takesChunks: boolean | undefined,
  maxChunkBytes: number | undefined,
): Finding[] {
  if (putMaxBytes <= wholeBytes) return [];
  const advice = `set --put-max-bytes ${wholeBytes}, or tsd.http.request.enable_chunked = true and max_chunk of at least ${putMaxBytes} there`;
  if (takesChunks === false)
    return [
      doubtful(what, `requests above ${wholeBytes} bytes are refused, and --put-max-bytes is ${putMaxBytes}`, advice),
    ];
  if (takesChunks === true && maxChunkBytes !== undefined && maxChunkBytes < putMaxBytes) {
    return [
      doubtful(
        what,
        `requests above ${Math.max(wholeBytes, maxChunkBytes)} bytes end without an answer, and --put-max-bytes is ${putMaxBytes}`,
        advice,
      ),
    ];
  }
  return [];
}

function metricFindings(put: 'http' | 'telnet', createsMetrics: boolean | undefined, assignUids: boolean): Finding[] {
  if (createsMetrics !== false || (put === 'http' && assignUids)) return [];
  const words = 'tsd.core.auto_create_metrics is off: points of metrics that it does not know become dead letters';
  const ours = put === 'telnet' ? 'use --put http, by which metrics are assigned' : 'leave --no-assign-uids out';
  return [faulty(what, words, 78, `${ours}, or set it to true there, or make the metrics with \`tsdb mkmetric\``)];
}
