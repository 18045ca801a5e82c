// The refusal of what finds no room, which whoever sent it is told to send again.

/** A bound is reached, or the disk's end: nothing more is taken until a sink has taken something, or there is room again. */
export class SpoolFull extends Error {
  readonly status = 503;
  readonly expose = true;
  readonly retryAfterMs = 30_000;
  override readonly name = 'SpoolFull';
}
