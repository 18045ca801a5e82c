// The JSON messages of the status page and `top`. Imports nothing, because the page's scripts run in a browser.

/** Sent every second. Times are ms since 1970 UTC. */
export interface StatusMessage {
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly version: string;
  readonly pushesPerS: number;
  readonly pointsPerS: number;
  /** Pushes that were malformed, refused or failed, and requests refused before their body. */
  readonly notTakenPerS: number;
  readonly answerP50Ms?: number | undefined;
  readonly answerP99Ms?: number | undefined;
  /** Since the start, by outcome. */
  readonly pushes: Readonly<Record<string, number>>;
  /** False when the Catchpoint source is off. */
  readonly takesPushes: boolean;
  readonly problems: Problems;
  readonly sources: readonly SourceSummary[];
  readonly sinks: readonly SinkSummary[];
  readonly spool: { readonly waitingBytes: number; readonly maxBytes: number };
  readonly nodes: NodesSummary;
  /** Measurements that wait for their node. */
  readonly parked: number;
  /** Acknowledged points that are lost; must stay 0. */
  readonly lost: number;
  /** Dead letters and samples of malformed bodies, by kind. */
  readonly letters: Readonly<Record<string, number>>;
  /** There are more letters than `letters` counts. */
  readonly hasMoreLetters: boolean;
  /** Of the last five minutes. */
  readonly newLetters: number;
  /** Since the message before, the oldest first; a sample when there are many. */
  readonly recent: readonly RecentPush[];
}

/** A sentence each. */
export interface Problems {
  /** Pushes are refused, or data is lost. */
  readonly alarms: readonly string[];
  readonly warnings: readonly string[];
}

/** Counts are since the start. */
export interface SourceSummary {
  readonly name: string;
  readonly pointsPerS: number;
  readonly points: number;
  /** Pushes, requests, samples of containers or rounds of own metrics that are on disk. */
  readonly deliveries: number;
  readonly duplicates: number;
  readonly failures: number;
  /** Time of the last delivery. */
  readonly lastAtMs?: number | undefined;
  /** Requests or samples by outcome, without zeros. */
  readonly counts: Readonly<Record<string, number>>;
  /** What else there is to know, in a line; undefined for most sources. */
  readonly detail?: string | undefined;
}

export interface SinkSummary {
  readonly name: string;
  /** Pushes are refused when its backlog is too large. */
  readonly isRequired: boolean;
  /** Points that an optional sink has missed, ever, because its backlog was too large. */
  readonly skipped: number;
  /** Annotations that the receiver does not support; undefined for sinks that never write annotations. */
  readonly annotationsSkipped?: number | undefined;
  readonly acceptedPerS: number;
  /** Points since the start. */
  readonly accepted: number;
  readonly rejected: number;
  readonly kept: number;
  readonly inFlight: number;
  readonly backlogPoints: number;
  readonly backlogBytes: number;
  /** Of the oldest point; undefined without a backlog. */
  readonly backlogAgeMs?: number | undefined;
  /** Undefined unless the last write failed. */
  readonly lastError?: string | undefined;
  readonly failingSinceMs?: number | undefined;
}

export interface NodesSummary {
  readonly known: number;
  readonly refreshedAtMs?: number | undefined;
  readonly nextAtMs?: number | undefined;
  readonly lastError?: string | undefined;
  /** Nodes that refreshes have changed since the start: added, removed, renamed, movedAsn, movedIsp. */
  readonly changes?: Readonly<Record<string, number>> | undefined;
}

export interface RecentPush {
  /** Counts up from 1. */
  readonly nth: number;
  readonly atMs: number;
  /** Its outcome: taken, missed, duplicate, malformed, refused, … */
  readonly outcome: string;
  readonly points: number;
  readonly testId?: number;
  readonly testName?: string;
  readonly nodeId?: number;
  readonly nodeName?: string;
  /** Of a failed run. */
  readonly error?: string;
  readonly rttMs?: number;
  /** The reason why the push was not taken. */
  readonly reason?: string;
}

/** Five seconds of the last hour. */
export type Slot = readonly [
  atS: number,
  pushesPerS: number,
  pointsPerS: number,
  notTakenPerS: number,
  answerP50Ms: number | null,
  answerP99Ms: number | null,
  backlogPoints: number,
  backlogAgeS: number,
  /** Dead letters of the five minutes before. */
  newLetters: number,
];

/** Without x and y when its coordinates are unknown. The map has 1000 by 490 units. */
export interface MapNode {
  readonly id: number;
  readonly name: string;
  readonly asn?: number | undefined;
  readonly isp?: string | undefined;
  readonly city?: string | undefined;
  readonly region?: string | undefined;
  readonly country?: string | undefined;
  readonly continent?: string | undefined;
  readonly x?: number;
  readonly y?: number;
}

/** Of a node or a slice. */
export interface RunStats {
  readonly runs: number;
  readonly errors: number;
  /** RTT, within 3 %; undefined when none was measured. */
  readonly p50Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
}

export interface MapStats {
  /** Time of the oldest run, ms since 1970 UTC. */
  readonly sinceMs?: number | undefined;
  readonly all: RunStats;
  readonly nodes: readonly (RunStats & { readonly id: number })[];
  /** By the values of the slice, those with the most runs first. */
  readonly rows: readonly (RunStats & { readonly value: string })[];
  readonly rowsLeftOut: number;
}

export interface TestName {
  readonly id: number;
  readonly name: string;
}

export interface NodeRun {
  readonly atMs: number;
  readonly testId: number;
  readonly testName: string;
  readonly rttMs?: number | undefined;
  readonly error?: string | undefined;
}

/** The dimensions of the Catchpoint source. */
export const sliceNames = ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'] as const;
export type SliceName = (typeof sliceNames)[number];
