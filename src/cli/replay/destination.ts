// The destination of a replay: the spool of a state directory without a daemon, or the push URL of a running bridge.

import type { Became } from '../../sources/catchpoint/push.ts';
import type { ReplayedRun } from '../../sources/catchpoint/replay/replayed-run.ts';

/** `malformed` has the error with which a bridge refused the body. */
export type Outcome = Became | { readonly malformed: string };

export interface Destination {
  /** Such as `the bridge at http://127.0.0.1:8080`. */
  readonly description: string;
  readonly maxInFlight: number;
  /** Runs a second without --rate; undefined: no limit. */
  readonly defaultRate: number | undefined;
  /** True: accepts records of the original bridge, which have their node in them. */
  readonly acceptsJoined: boolean;
  /**
   * Resolves when the run is on disk.
   *
   * @throws CommandError when no more runs can be delivered, or the signal's reason
   */
  deliver(run: ReplayedRun, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}
