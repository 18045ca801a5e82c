// The error of a write on which the receiver gave no verdict. The outlet writes the same points again later.

export class NoVerdict extends Error {
  override readonly name = 'NoVerdict';
  /** The pause that the receiver requested. */
  readonly retryAfterMs: number | undefined;
  /** The connection closed without an answer, as OpenTSDB does for a body above its max_chunk. */
  readonly isClosed: boolean;

  constructor(
    message: string,
    { retryAfterMs, isClosed = false }: Partial<Pick<NoVerdict, 'retryAfterMs' | 'isClosed'>> = {},
  ) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.isClosed = isClosed;
  }
}

/** Quotes the beginning of an answer for a message: at most 300 characters, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 300).replace(/\s+/g, ' ').trim());
}

/**
 * Returns the pause that a Retry-After header requests, at most an hour; undefined for none.
 *
 * @param header - seconds, or a date
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return ms > 0 ? Math.min(ms, 3_600_000) : undefined;
}
