// The end of a spool: the disk under it fails.

/** Nothing is written any more, and the process should end. */
export class DiskFailed extends Error {
  override readonly name = 'DiskFailed';
  /** After sysexits: an input or output error. */
  readonly exitCode = 74;
  readonly status = 503;
  readonly expose = true;
  readonly retryAfterMs = 30_000;
}
