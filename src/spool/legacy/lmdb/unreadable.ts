// What is said of a former store that cannot be read, and whether that is the store's fault.

/** A former store that cannot be read, or not any further. */
export class LegacyStoreUnreadable extends Error {
  override readonly name = 'FormerStoreUnreadable';
  /** After sysexits, where something else than damage is in the way. */
  readonly exitCode: number | undefined;
  /** The signal that has ended the process which read it. */
  readonly endedBy: string | undefined;
  /** Whether the store is to be set aside; not where it is of another version, the disk is full, or somebody has ended the process. */
  readonly isDamaged: boolean;
  constructor(
    words: string,
    { exitCode, endedBy }: { readonly exitCode?: number | undefined; readonly endedBy?: string | undefined } = {},
  ) {
    super(words);
    this.exitCode = exitCode;
    this.endedBy = endedBy;
    this.isDamaged = exitCode === undefined && !endedByOthers.some((signal) => signal === endedBy);
  }
}

/** What the system and people end a process with, for reasons that are not the store's. */
const endedByOthers = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/** After sysexits: the system could not start the process; it has failed of itself. */
const osError = 71;
const softwareError = 70;

export function unstarted(directory: string, { message }: Error): LegacyStoreUnreadable {
  return new LegacyStoreUnreadable(`spool in ${directory}: the process that reads it cannot be started: ${message}`, {
    exitCode: osError,
  });
}

/** `isSilent`: it was ended here, since it said nothing any more. */
export function died(
  directory: string,
  code: number | null,
  signal: string | null,
  isSilent: boolean,
): LegacyStoreUnreadable {
  if (isSilent) return new LegacyStoreUnreadable(`spool in ${directory}: reading it came to no end`);
  const words = `spool in ${directory}: reading it ended the process (${signal ?? `exit code ${code}`})`;
  return new LegacyStoreUnreadable(words, {
    endedBy: signal ?? undefined,
    exitCode: code === null ? undefined : code || softwareError,
  });
}
