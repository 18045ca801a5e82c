// The error of a spool whose disk has failed.

/** After this error the spool writes nothing, and the process should end. */
export class DiskFailed extends Error {
  override readonly name = 'DiskFailed';
  /** EX_IOERR of sysexits. */
  readonly exitCode = 74;
  readonly status = 503;
  readonly expose = true;
  readonly retryAfterMs = 30_000;
}
