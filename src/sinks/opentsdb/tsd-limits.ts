// Reads the settings of an OpenTSDB that limit puts, from /api/config.

import { field, parseJson } from '../json-answer.ts';
import { type HostQueryOptions, query, withConnections } from './http/query.ts';

/** A member is undefined where OpenTSDB does not show it. */
export interface TsdLimits {
  /** tsd.http.request.enable_chunked: without it requests above 8192 bytes are refused. */
  readonly takesChunks: boolean | undefined;
  /** tsd.http.request.max_chunk: above it the connection closes without an answer. */
  readonly maxChunkBytes: number | undefined;
  /** tsd.core.auto_create_metrics: a put may name a new metric. */
  readonly createsMetrics: boolean | undefined;
  /** tsd.mode is `ro`: puts are refused. */
  readonly isReadOnly: boolean;
}

const timeoutMs = 5_000;

/**
 * Resolves with undefined where /api/config is not offered.
 *
 * @throws the error of the connection
 */
export function tsdLimits(options: Omit<HostQueryOptions, 'timeoutMs'>): Promise<TsdLimits | undefined> {
  return withConnections({ ...options, timeoutMs }, async (host) => {
    const { status, text } = await query(host, '/api/config');
    return status === 200 ? limitsOf(parseJson(text)) : undefined;
  });
}

/** The configuration is a flat object of strings (ConfigurationRpc of OpenTSDB 2). */
function limitsOf(config: unknown): TsdLimits | undefined {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
  const flag = (key: string): boolean | undefined => {
    const value = field(config, key);
    return value === undefined ? undefined : /^(true|1|yes)$/i.test(String(value));
  };
  const maxChunkBytes = Number(field(config, 'tsd.http.request.max_chunk'));
  return {
    takesChunks: flag('tsd.http.request.enable_chunked'),
    maxChunkBytes: Number.isSafeInteger(maxChunkBytes) && maxChunkBytes > 0 ? maxChunkBytes : undefined,
    createsMetrics: flag('tsd.core.auto_create_metrics'),
    isReadOnly: field(config, 'tsd.mode') === 'ro',
  };
}
