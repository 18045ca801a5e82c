// The contract of sources: the data point, and `Deliver`, the function by which a source hands points to the spool.

/** Tag names and values, in the order in which sinks write them. */
export type Tags = Readonly<Record<string, string>>;

/** The unit of a timestamp: seconds or milliseconds since 1970-01-01 UTC. */
export type TimeUnit = 's' | 'ms';

/**
 * One value of one series at one instant.
 *
 * `value` is the final decimal text. A point that is sent twice is therefore the same byte for byte: OpenTSDB fails the
 * queries of an hour in which one instant was written as an integer and as a float.
 */
export interface DataPoint {
  readonly metric: string;
  /** A positive integer in `unit`, since 1970-01-01 UTC. */
  readonly timestamp: number;
  readonly unit: TimeUnit;
  readonly value: string;
  /**
   * The source makes names and values legal; see tag-text.ts. Without tags the metric is a whole path, as in Graphite.
   * Such a path is printable ASCII without spaces and `;`, and each sink has a rule to write it.
   */
  readonly tags: Tags;
  /** The event that the point counts. Sinks without annotations drop it. */
  readonly annotation?: Annotation;
  /** The value is stored, and the sink writes only the annotation. The outlet sets it, sources never do. */
  readonly only?: 'annotation';
}

/** A text about an event, stored beside the series. It has one or a few lines and no other control characters. */
export interface Annotation {
  /** ms since 1970-01-01 UTC */
  readonly startMs: number;
  /** ms since 1970-01-01 UTC */
  readonly endMs?: number;
  readonly description: string;
  readonly notes?: string;
  readonly custom: Readonly<Record<string, string>>;
}

/**
 * Points of one instant that share most of their names and tags: every series at every cut, then `rest`.
 *
 * The metric of a point is `stem` + cut name + `tail`, such as `catchpoint.rtt.by_` + `country` + `.204417`.
 * Its tags are those of all cuts, the cut's own, those of the series and `tags`, in this order.
 * factored-points.ts expands them.
 */
export interface FactoredPoints {
  readonly timestamp: number;
  readonly unit: TimeUnit;
  readonly tail: string;
  readonly series: readonly Series[];
  /** The same object for equal cuts where possible: sinks cache rendered text by its identity. */
  readonly cuts: Cuts;
  readonly tags?: Tags | undefined;
  /** Points that do not have this form. */
  readonly rest: readonly DataPoint[];
}

export interface Series {
  readonly stem: string;
  /** Final decimal text, as in DataPoint. */
  readonly value: string;
  readonly tags?: Tags | undefined;
}

export interface Cuts {
  /** The tags of every cut. */
  readonly tags: Tags;
  readonly cuts: readonly Cut[];
}

/** The name of a cut, and the value of the tag of the same name. Without a value there is no such tag. */
export type Cut = readonly [name: string, value?: string];

/** The two forms in which a source may deliver points. */
export type Points = readonly DataPoint[] | FactoredPoints;

/** Identifies the event behind a delivery. The spool stores the points of each event once. */
export interface RunKey {
  /** Equal for two deliveries of the same event. */
  readonly key: string;
  /** The time of the event, ms since 1970-01-01 UTC; equal for equal keys. The spool groups keys by it. */
  readonly atMs?: number;
  /** Equal if the contents are equal too. */
  readonly digest: string;
}

/** A text that a source stores with its points until it can complete them. */
export interface Parked {
  /** The source's name for the missing piece, such as a node id. */
  readonly waitsFor: string;
  /** The source gets it back unchanged. */
  readonly payload: string;
}

/** Data that will not reach a sink unless an operator retries it. */
export interface DeadLetter {
  /** The class of the reason in one word, such as `rejected` or `implausible-time`. */
  readonly kind: string;
  /** Human-readable: the fault, and the value found. */
  readonly reason: string;
  /** The unusable data as text. */
  readonly raw: string;
}

/** A dead letter with its whole input. */
export interface LetterToRetry {
  readonly id: string;
  readonly kind: string;
  readonly input: Buffer;
}

/** The outcome of a retry, human-readable: the letter is removed, or it stays for the reason in `refused`. */
export type LetterRetried = { readonly done: string } | { readonly refused: string };

/** Retries a letter. Returns undefined for a kind that the source does not know. Rejects as Deliver does. */
export type LetterRetry = (letter: LetterToRetry) => Promise<LetterRetried> | undefined;

/** A request body that a source refused as malformed or too large. Its sender has the error, so nothing is lost. */
export interface MalformedBody {
  /** The part of the body that was read. */
  readonly body: Buffer;
  /** The error that the sender got. */
  readonly reason: string;
  /** The address of the sender. */
  readonly from: string;
}

/** Everything here is stored in the same atomic step as the points. */
export interface DeliverOptions {
  readonly run?: RunKey;
  readonly parked?: Parked;
  /** The id of a parked entry that the points complete; the entry is removed. */
  readonly completes?: string;
  /** The id of a dead letter that the points replace; the letter is removed. */
  readonly redeems?: string;
  readonly deadLetter?: DeadLetter;
}

/**
 * `stored`: the run is new. `duplicate`: the same run with the same digest was stored before, and nothing is added.
 * `conflict`: the points are stored, although the same run was stored before with another digest.
 */
export type Delivered = 'stored' | 'duplicate' | 'conflict';

/**
 * Stores points in the spool. Resolves when they are durable on disk; a source acknowledges to its sender only then.
 *
 * Rejects with `SpoolFull` at the spool's limit, with `NoSuchLetter` if the letter of `redeems` is missing,
 * and with the disk's error.
 */
export type Deliver = (points: Points, options?: DeliverOptions) => Promise<Delivered>;
