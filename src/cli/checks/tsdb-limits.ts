// Checks that OpenTSDB's own configuration accepts the requests that the bridge will send.

import type { Config, ConfigRead } from '../../config/config.ts';
import { type TsdLimits, tsdLimits } from '../../sinks/opentsdb/tsd-limits.ts';
import { type CheckContext, fault, type Finding, notChecked, ok, warning } from './finding.ts';
import { addressWithoutUser } from './sinks.ts';

/** OpenTSDB accepts a body of this size under any configuration. */
const alwaysAcceptedBytes = 8192;
const what = 'OpenTSDB limits';

export async function limitsCheck(
  { config: { tsdb } }: ConfigRead,
  { clock, signal }: CheckContext,
): Promise<Finding[]> {
  if (!tsdb.isOn) return [];
  const { urls, headers, caFile } = tsdb;
  const findings = await Promise.all(
    urls.map(async (url) => {
      const address = addressWithoutUser(url, 'http');
      const limits = await tsdLimits({ url, headers, caFile, clock, signal }).catch(() => undefined);
      signal.throwIfAborted();
      if (limits === undefined) return [notChecked(what, `${address}: does not tell its configuration (/api/config)`)];
      return judge(limits, tsdb).map((finding) => ({ ...finding, words: `${address}: ${finding.words}` }));
    }),
  );
  return findings.flat();
}

function judge(limits: TsdLimits, { put, putMaxBytes, assignUids }: Config['tsdb']): Finding[] {
  const { takesChunks, maxChunkBytes, createsMetrics, isReadOnly } = limits;
  const findings = [
    ...(isReadOnly
      ? [fault(what, 'tsd.mode is ro: it takes no points', 69, 'point --tsdb-host at one with tsd.mode rw or wo')]
      : []),
    ...(put === 'http' ? sizeFindings(putMaxBytes, limits) : []),
    ...(createsMetrics === false && (put === 'telnet' || !assignUids) ? [noNewMetrics(put)] : []),
  ];
  if (findings.length > 0) return findings;
  const chunks = `chunks ${onOrOff(takesChunks)} (max_chunk ${maxChunkBytes ?? 'unknown'})`;
  return [ok(what, `${chunks}, auto_create_metrics ${onOrOff(createsMetrics)}`)];
}

function onOrOff(isOn: boolean | undefined): string {
  return isOn === undefined ? 'unknown' : isOn ? 'on' : 'off';
}

/** The limits count compressed bytes. A refused request is halved and sent again, which only costs time. */
function sizeFindings(putMaxBytes: number, { takesChunks, maxChunkBytes }: TsdLimits): Finding[] {
  if (putMaxBytes <= alwaysAcceptedBytes) return [];
  const advice = `set --put-max-bytes ${alwaysAcceptedBytes}, or tsd.http.request.enable_chunked = true and max_chunk of at least ${putMaxBytes} there`;
  const above = (maxBytes: number, outcome: string): Finding[] => [
    warning(what, `requests above ${maxBytes} bytes ${outcome}, and --put-max-bytes is ${putMaxBytes}`, advice),
  ];
  if (takesChunks === false) return above(alwaysAcceptedBytes, 'are refused');
  if (takesChunks === true && maxChunkBytes !== undefined && maxChunkBytes < putMaxBytes)
    return above(Math.max(alwaysAcceptedBytes, maxChunkBytes), 'end without an answer');
  return [];
}

function noNewMetrics(put: 'http' | 'telnet'): Finding {
  const remedy = put === 'telnet' ? 'use --put http, by which metrics are assigned' : 'leave --no-assign-uids out';
  return fault(
    what,
    'tsd.core.auto_create_metrics is off: points of metrics that it does not know become dead letters',
    78,
    `${remedy}, or set it to true there, or make the metrics with \`tsdb mkmetric\``,
  );
}
