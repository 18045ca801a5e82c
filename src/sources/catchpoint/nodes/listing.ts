// A listing of all nodes, and the options of its sources.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import type { Node } from './node.ts';

/** All nodes. A listing is complete: a source that cannot read it to its end throws. */
export interface Listing {
  readonly nodes: readonly Node[];
  /** Entries without a usable id. */
  readonly skipped: number;
  /** One line for each part that could not be filled in. */
  readonly notes: readonly string[];
  /** True for a listing from a file. It replaces the directory even if it has far fewer nodes. */
  readonly trusted: boolean;
}

/** @throws an error that names the fault (RestFailure for the API), or the signal's reason */
export type NodeListing = (signal: AbortSignal) => Promise<Listing>;

/** The options of the API's caches, which are in the folder `nodes/` of the state directory. */
export interface CacheOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NodeSourceOptions extends CacheOptions {
  /** The origin of both REST APIs. */
  readonly url: string;
  readonly key: string | undefined;
  readonly secret: string | undefined;
  readonly apiKey: string | undefined;
  /** Replaces the API. */
  readonly nodesFile: string | undefined;
  readonly random: () => number;
}
