// What a listing of the nodes is, and what it takes to make one.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import type { Node } from './node.ts';

/** All nodes there are. There is no such thing as half a listing: what cannot be read to its end throws. */
export interface Listing {
  readonly nodes: readonly Node[];
  /** Entries without a usable id. */
  readonly skipped: number;
  /** What could not be filled in, for people; empty when nothing is missing. */
  readonly notes: readonly string[];
  /** Whether somebody wrote it by hand, so that it holds however little it is. */
  readonly trusted: boolean;
}

/** @throws an error that says what went wrong (a RestFailure where the API was asked), or the signal's reason */
export type NodeListing = (signal: AbortSignal) => Promise<Listing>;

export interface NodeSourceOptions {
  /** The origin of both REST APIs. */
  readonly url: string;
  readonly key: string | undefined;
  readonly secret: string | undefined;
  readonly apiKey: string | undefined;
  /** Used in place of the API when given. */
  readonly nodesFile: string | undefined;
  /** Below it, in `nodes/`, stands what the listing keeps between refreshes. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** For one call; 30 s unless told otherwise. */
  readonly timeoutMs?: number;
}
