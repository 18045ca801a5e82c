// The error of a request that is refused, with its answer.

export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** The sender may read the message. */
  readonly expose = true;
  readonly status: number;
  /** Becomes Retry-After. */
  readonly retryAfterMs: number | undefined;
  /** Becomes WWW-Authenticate of a 401. */
  readonly challenge: string | undefined;
  constructor(
    status: number,
    message: string,
    { retryAfterMs, challenge }: { readonly retryAfterMs?: number; readonly challenge?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.challenge = challenge;
  }
}
