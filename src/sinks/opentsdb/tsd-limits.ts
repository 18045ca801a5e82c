// What an OpenTSDB tells of its own configuration, as far as it bears upon what is put there.

import { readFileSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { query } from './http/queries.ts';
import { tsdHost } from './http/hosts.ts';
import { connections } from './http/post.ts';

/** Undefined, each by itself: it does not say. */
export interface TsdLimits {
  /** tsd.http.request.enable_chunked: whether requests of more than 8192 bytes are taken. */
  readonly takesChunks: boolean | undefined;
  /** tsd.http.request.max_chunk: above it the connection is closed without an answer. */
  readonly maxChunkBytes: number | undefined;
  /** tsd.core.auto_create_metrics: whether a put may name a new metric. */
  readonly createsMetrics: boolean | undefined;
  /** tsd.mode is ro: there is no put. */
  readonly isReadOnly: boolean;
}

export interface TsdLimitsOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly caFile: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const timeoutMs = 5_000;

/**
 * Asks /api/config; undefined when that is not offered.
 *
 * @throws the error of the connection
 */
export async function tsdLimits({
  url,
  headers,
  caFile,
  clock,
  signal,
}: TsdLimitsOptions): Promise<TsdLimits | undefined> {
  const open = connections(caFile === undefined ? undefined : readFileSync(caFile, 'utf8'));
  try {
    const { status, text } = await query(
      { host: tsdHost(url), connections: open, headers, clock, timeoutMs, signal },
      '/api/config',
    );
    return status === 200 ? limitsOf(text) : undefined;
  } finally {
    open.close();
  }
}

/** A flat map of texts; ConfigurationRpc of OpenTSDB 2. */
function limitsOf(text: string): TsdLimits | undefined {
  const config = mapOf(text);
  if (config === undefined) return undefined;
  const truth = (key: string): boolean | undefined =>
    config[key] === undefined ? undefined : /^(true|1|yes)$/i.test(String(config[key]));
  const maxChunkBytes = Number(config['tsd.http.request.max_chunk']);
  return {
    takesChunks: truth('tsd.http.request.enable_chunked'),
    maxChunkBytes: Number.isSafeInteger(maxChunkBytes) && maxChunkBytes > 0 ? maxChunkBytes : undefined,
    createsMetrics: truth('tsd.core.auto_create_metrics'),
    isReadOnly: config['tsd.mode'] === 'ro',
  };
}

function mapOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
