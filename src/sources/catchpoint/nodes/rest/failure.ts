// The error of a failed call to Catchpoint's REST API.

interface FailureDetails {
  /** HTTP status. Undefined when there was no answer. */
  readonly status?: number | undefined;
  /** True if a retry would fail in the same way. */
  readonly final?: boolean;
  /** The minimum delay of the next call. */
  readonly retryAfterMs?: number | undefined;
}

/** The message names the request and the answer, and holds no secret. */
export class RestFailure extends Error {
  override readonly name = 'RestFailure';
  readonly status: number | undefined;
  readonly final: boolean;
  readonly retryAfterMs: number | undefined;
  constructor(message: string, { status, final = false, retryAfterMs }: FailureDetails = {}) {
    super(message);
    this.status = status;
    this.final = final;
    this.retryAfterMs = retryAfterMs;
  }
}
