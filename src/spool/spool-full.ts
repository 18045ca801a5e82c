// The error of a delivery that the spool refuses. It is answered with 503 and Retry-After.

/** A bound is reached, or the disk is nearly full. */
export class SpoolFull extends Error {
  readonly status = 503;
  readonly expose = true;
  readonly retryAfterMs = 30_000;
  override readonly name = 'SpoolFull';
}
