// Why a request is refused, with the answer that it deserves.

/** `status` and `message` are the sender's answer; with `retryAfterMs` it is asked to come again. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly expose = true;
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** After a 401, how to say who one is. */
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
