// What the status page and `top` are told, as JSON; imports nothing, so that the page's program can be built on it alone.

/** The state at one instant, sent every second. Times are ms since 1970 UTC. */
export interface StatusMessage {
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly version: string;
  readonly pushesPerS: number;
  /** Points that the pushes became. */
  readonly pointsPerS: number;
  /** Pushes that were not taken: malformed, refused or failed. */
  readonly notTakenPerS: number;
  readonly answerP50Ms?: number | undefined;
  readonly answerP99Ms?: number | undefined;
  /** Pushes since the start, by what became of them. */
  readonly pushes: Readonly<Record<string, number>>;
  /** Whether Catchpoint's pushes are taken at all. */
  readonly takesPushes: boolean;
  readonly troubles: Problems;
  readonly sources: readonly SourceNow[];
  readonly sinks: readonly SinkNow[];
  readonly spool: { readonly waitingBytes: number; readonly maxBytes: number };
  readonly nodes: NodesNow;
  /** Measurements that wait for their node. */
  readonly parked: number;
  /** Points that were acknowledged and are gone; must stay 0. */
  readonly lost: number;
  /** Dead letters and samples of malformed bodies, by kind. */
  readonly letters: Readonly<Record<string, number>>;
  /** Whether there are more letters than were counted by kind. */
  readonly isMoreLetters: boolean;
  /** Of the last five minutes. */
  readonly newLetters: number;
  /** The pushes since the last second, the newest last; of very many a sample. */
  readonly recent: readonly RecentPush[];
}

/** What is wrong, a sentence each. */
export interface Problems {
  /** Pushes are refused, or something is lost. */
  readonly alarms: readonly string[];
  /** To be looked at, although everything is taken and kept. */
  readonly warnings: readonly string[];
}

/** What a source has handed on; counts are since the start. */
export interface SourceNow {
  readonly name: string;
  readonly pointsPerS: number;
  readonly points: number;
  /** Pushes, requests or rounds of own metrics that are on disk. */
  readonly deliveries: number;
  readonly duplicates: number;
  readonly failures: number;
  /** When the last one was on disk. */
  readonly lastAtMs?: number | undefined;
  /** What became of what it was sent, by a word each, those that are none left out. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface SinkNow {
  readonly name: string;
  /** Whether pushes are refused when too much waits for it. */
  readonly isRequired: boolean;
  /** Points that an optional sink has missed, ever, since too much waited for it. */
  readonly skipped: number;
  /** Annotations that the receiver does not have; undefined where there are none by nature. */
  readonly annotationsSkipped?: number | undefined;
  readonly acceptedPerS: number;
  /** Points since the start. */
  readonly accepted: number;
  readonly rejected: number;
  readonly kept: number;
  readonly inFlight: number;
  readonly backlogPoints: number;
  readonly backlogBytes: number;
  /** How long the oldest point waits; undefined when none does. */
  readonly backlogAgeMs?: number | undefined;
  /** Why the sink takes nothing; undefined while it does. */
  readonly lastError?: string | undefined;
  readonly failingSinceMs?: number | undefined;
}

export interface NodesNow {
  readonly known: number;
  readonly refreshedAtMs?: number | undefined;
  readonly nextAtMs?: number | undefined;
  readonly lastError?: string | undefined;
  /** What refreshes have changed since the start: added, removed, renamed, movedAsn, movedIsp. */
  readonly changes?: Readonly<Record<string, number>> | undefined;
}

/** A push, as the list of recent ones shows it. */
export interface RecentPush {
  /** Counts up; asks for the points. */
  readonly nth: number;
  readonly atMs: number;
  /** A word such as taken, missed, duplicate, malformed or refused. */
  readonly became: string;
  readonly points: number;
  readonly testId?: number;
  readonly testName?: string;
  readonly nodeId?: number;
  readonly nodeName?: string;
  /** Of a failed run. */
  readonly error?: string;
  readonly rttMs?: number;
  /** Why it was not taken. */
  readonly reason?: string;
}

/** Some seconds of the last hour. */
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

/** A node where the map shows it; x and y on a sheet of 1000 by 490. */
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

/** What the last runs of a node, or of all nodes of a slice, come to. */
export interface RunFigures {
  readonly runs: number;
  readonly errors: number;
  /** Round trips, within 3 %; undefined when none was measured. */
  readonly p50Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
}

export interface MapFigures {
  /** How far the runs reach back, ms since 1970 UTC; undefined when there are none. */
  readonly sinceMs?: number | undefined;
  readonly all: RunFigures;
  readonly nodes: readonly (RunFigures & { readonly id: number })[];
  /** The values of the slice that was asked for, those with the most runs first. */
  readonly rows: readonly (RunFigures & { readonly value: string })[];
  readonly rowsLeftOut: number;
}

export interface SeenTest {
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

/** What a table can be sliced by; the map's seven cuts. */
export const sliceNames = ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'] as const;
export type SliceName = (typeof sliceNames)[number];
