// The error of a legacy store that cannot be read.

export class LegacyStoreUnreadable extends Error {
  override readonly name = 'LegacyStoreUnreadable';
  /** After sysexits; set if the cause is not damage. */
  readonly exitCode: number | undefined;
  /** The signal that killed the reader process. */
  readonly endedBy: string | undefined;
  /** False for another format, a failing disk or a killed process. A damaged store is set aside. */
  readonly isDamaged: boolean;
  constructor(
    message: string,
    { exitCode, endedBy }: { readonly exitCode?: number | undefined; readonly endedBy?: string | undefined } = {},
  ) {
    super(message);
    this.exitCode = exitCode;
    this.endedBy = endedBy;
    this.isDamaged = exitCode === undefined && !sentByOthers.some((signal) => signal === endedBy);
  }
}

/** Signals that the system or an operator sends. */
const sentByOthers = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/** After sysexits: reading or writing failed. */
export const ioError = 74;
