// The error of a write on which OpenTSDB has not ruled: the same points are to be written again later.

/** Nobody answered, or the answer says nothing about the points; the message says what was seen. */
export class NoVerdict extends Error {
  override readonly name = 'NoRuling';
  /** The pause that the far side asked for. */
  readonly retryAfterMs: number | undefined;
  /** The connection was made and then closed without a word: what OpenTSDB does to a body above its max_chunk. */
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

/** The beginning of an answer, for a message: at most 300 bytes, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 300).replace(/\s+/g, ' ').trim());
}
