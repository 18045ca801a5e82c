// A call to Catchpoint's REST API that did not bring what was asked for.

export interface FailureDetails {
  /** The answer's; undefined when there was none. */
  readonly status?: number;
  /** Whether the same call again would fail the same way. */
  readonly final?: boolean;
  /** How long the next call is to be put off. */
  readonly retryAfterMs?: number;
}

/** The message says what was asked, what was answered, and never holds a secret. */
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
