// The common coin: a data point as every source makes it, the spool keeps it and every sink writes it.

/** Tag names and values, in the order in which they are written. */
export type Tags = Readonly<Record<string, string>>;

/** The unit of a data point's timestamp: seconds or milliseconds since 1970-01-01 UTC. */
export type TimeUnit = 's' | 'ms';

/**
 * One value of one series at one instant.
 *
 * `value` is the final decimal text, so that a point sent twice is the same byte for byte: OpenTSDB breaks the
 * queries of an hour in which one instant has been written both as an integer and as a float.
 */
export interface DataPoint {
  readonly metric: string;
  /** Since 1970-01-01 UTC, in `unit`; a positive integer. */
  readonly timestamp: number;
  readonly unit: TimeUnit;
  readonly value: string;
  /**
   * Names and values made legal by the source (see tag-text.ts). None where the metric says everything, as Graphite's paths do: such a
   * path is printable ASCII without spaces and `;`, and each sink says how it writes it.
   */
  readonly tags: Tags;
  /** What happened then, for a point that counts events. Sinks that cannot hold it leave it out. */
  readonly annotation?: Annotation;
  /** Its value is where it belongs, and the annotation alone is still to be written. Never of a source's point. */
  readonly only?: 'annotation';
}

/** Something that happened: for people, beside the series. One line or a few, without other control characters. */
export interface Annotation {
  /** ms since 1970 UTC, as the end. */
  readonly startMs: number;
  readonly endMs?: number;
  readonly description: string;
  readonly notes?: string;
  readonly custom: Readonly<Record<string, string>>;
}

/**
 * Points that share most of what they say: every series at every cut, and then `rest`. The metric of a point is `stem`, the cut's name and
 * `tail`, such as `catchpoint.rtt.by_` + `country` + `.204417`; its tags are those of the cuts, the cut's own, those of the series and
 * `tags`, in this order. What is made of them is in factored-points.ts.
 */
export interface FactoredPoints {
  readonly timestamp: number;
  readonly unit: TimeUnit;
  readonly tail: string;
  readonly series: readonly Series[];
  /** The same object for the same cuts as far as possible: what is made of it is remembered by it. */
  readonly cuts: Cuts;
  readonly tags?: Tags | undefined;
  /** Points that are not of this form. */
  readonly rest: readonly DataPoint[];
}

export interface Series {
  readonly stem: string;
  /** Final decimal text, as in DataPoint. */
  readonly value: string;
  readonly tags?: Tags | undefined;
}

export interface Cuts {
  /** Tags of every cut. */
  readonly tags: Tags;
  readonly cuts: readonly Cut[];
}

/** The cut's name, and the value of the tag of that name; without a value it has no tag of its own. */
export type Cut = readonly [name: string, value?: string];

/** What a source delivers. */
export type Points = readonly DataPoint[] | FactoredPoints;

/** What identifies the event behind a delivery, so that the same event sent again adds nothing. */
export interface RunKey {
  /** Equal for two deliveries of the same event. */
  readonly key: string;
  /** The event's own time, ms since 1970 UTC; equal as well. Events of one time are kept side by side, so that fewer pages are written. */
  readonly atMs?: number;
  /** Equal when their contents are equal as well. */
  readonly digest: string;
}

/** Something that a source sets aside with its points until it can be completed, in one durable step with them. */
export interface Parked {
  /** What it waits for, in the source's own terms; a node id, say. */
  readonly waitsFor: string;
  /** The source's own text, given back to it unchanged. */
  readonly payload: string;
}

/** What will never reach a sink, and why. */
export interface DeadLetter {
  /** One word for the class of the reason, such as `rejected` or `implausible-time`. */
  readonly kind: string;
  /** For people: what was wrong, and the value found. */
  readonly reason: string;
  /** What could not be used, as text. */
  readonly raw: string;
}

/** A dead letter with its input whole, as a source is given it to try it again. */
export interface LetterToRetry {
  readonly id: string;
  readonly kind: string;
  readonly input: Buffer;
}

/** What became of it, in words: it is gone from the letters, or why it stays. */
export type LetterRetried = { readonly done: string } | { readonly refused: string };

/** Tries a letter again; undefined when it is of a kind that is not the source's. Rejects as Deliver does. */
export type LetterRetry = (letter: LetterToRetry) => Promise<LetterRetried> | undefined;

/** A body that was refused as no push, or as too large: not acknowledged, and nobody's loss. */
export interface MalformedBody {
  /** As much of it as was read. */
  readonly body: Buffer;
  /** What the sender was told. */
  readonly reason: string;
  /** The sender's address. */
  readonly from: string;
}

export interface DeliverOptions {
  readonly run?: RunKey;
  readonly parked?: Parked;
  /** The id of a parked entry that these points complete; it is removed in the same step. */
  readonly completes?: string;
  /** The id of a dead letter that is made good by this; it is removed in the same step. */
  readonly redeems?: string;
  readonly deadLetter?: DeadLetter;
}

/** `stored`: new. `duplicate`: the same run with the same contents is there already. `conflict`: stored, but the same run was there with other contents. */
export type Delivered = 'stored' | 'duplicate' | 'conflict';

/**
 * Hands points on. Resolves when they are on disk, and not before: only then may a source acknowledge them.
 * Rejects with a `SpoolFull` when the bound is reached, with a `NoSuchLetter` when what it redeems is not there any more, and
 * with the disk's own error when it fails.
 */
export type Deliver = (points: Points, options?: DeliverOptions) => Promise<Delivered>;
