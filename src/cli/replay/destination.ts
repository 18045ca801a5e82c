// Where a replay goes, and the two ways there: into the spool of a state directory that no daemon uses, and to the push
// URL of a bridge that runs.

import type { Became } from '../../sources/catchpoint/push.ts';
import type { ReplayedRun } from '../../sources/catchpoint/replay/replayed-run.ts';

/** What became of a run; `malformed`: the bridge that it was sent to would not have it. */
export type Outcome = Became | { readonly malformed: string };

export interface Destination {
  /** For people, such as `the bridge at http://127.0.0.1:8080`. */
  readonly words: string;
  /** How many runs may be on their way at once. */
  readonly inFlight: number;
  /** Runs a second, where nobody says otherwise; undefined: as many as go. */
  readonly usualRate: number | undefined;
  /** Whether it takes runs that bring their node with them. */
  readonly takesJoined: boolean;
  /**
   * Hands a run on; resolves when it is on disk there.
   *
   * @throws an error with an exit code when nothing more can be handed on, or the signal's reason
   */
  deliver(run: ReplayedRun, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/** A replay that cannot go on. */
export class CannotReplay extends Error {
  override readonly name = 'CannotReplay';
  /** After sysexits: 69 unavailable, 75 try again later. */
  readonly exitCode: 69 | 75;
  constructor(message: string, exitCode: 69 | 75 = 69) {
    super(message);
    this.exitCode = exitCode;
  }
}
