// The error of a request that is refused, with its answer. The message is sent to the client.

interface HttpErrorOptions {
  /** Becomes Retry-After. */
  readonly retryAfterMs?: number;
  /** Becomes WWW-Authenticate. */
  readonly challenge?: string;
}

export class HttpError extends Error {
  override readonly name: string = 'HttpError';
  readonly expose = true;
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly challenge: string | undefined;
  constructor(status: number, message: string, { retryAfterMs, challenge }: HttpErrorOptions = {}) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.challenge = challenge;
  }
}
