// The options that push.ts, letters.ts and parked.ts share in one object. A reload replaces members of that object.

import type { Clock } from '../../runtime/clock.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import type { Log } from '../../runtime/log.ts';
import type { Deliver, MalformedBody, Parked } from '../../model/point.ts';
import { type CardinalityBounds, type CardinalityGuard, cardinalityGuard } from './cardinality/guard.ts';
import type { KnownNames } from './cardinality/known-names.ts';
import type { LetterRetryOptions } from './letters.ts';
import type { ParkedEntries, ParkedOptions } from './parked.ts';
import { pushCounts, type PushOptions, type PushRecord } from './push.ts';
import type { ReadingOptions } from './push-route.ts';
import { runTagger, wantedLabels } from './run-tags.ts';
import { type OverrideOf, type SliceOptions, slicer } from './slices.ts';

export interface ProcessingOptions {
  readonly deliver: Deliver;
  readonly parking: ParkedEntries & { hasRoomFor(parked: Parked): boolean };
  /** Called with each body that is answered 4xx as no push. */
  readonly malformed?: (malformed: MalformedBody) => void;
  /** Called with the time from each push's head to its answer. */
  readonly answered?: (ms: number) => void;
  /** Called with the reason of each answer 5xx. */
  readonly refused?: (reason: string) => void;
  /** Called with each push that was processed. */
  readonly seen?: (push: PushRecord) => void;
  readonly slices: SliceOptions;
  /** True to write the timings, byte counts and counters beyond the RTT. */
  readonly timings: boolean;
  readonly cardinality?: CardinalityBounds;
  readonly maxBodyBytes: number;
  /** Bounds the bodies in flight, and decides who may push for which node. */
  readonly access?: Pick<PushOptions, 'checkSender'> & Pick<ReadingOptions, 'bodies'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ProcessingChanges {
  /** The resolution stays: a series with both seconds and milliseconds breaks queries. */
  readonly push?: Pick<ProcessingOptions, 'maxBodyBytes' | 'timings'> & {
    readonly slices: Omit<SliceOptions, 'resolution'>;
  };
  readonly cardinality?: CardinalityBounds;
}

interface ProcessingParts extends Pick<PushOptions, 'directory' | 'archive' | 'missed'> {
  readonly known: KnownNames;
  readonly overrideOf: OverrideOf;
}

type SharedOptions = PushOptions & LetterRetryOptions & ParkedOptions & { readonly guard: CardinalityGuard };

interface PushProcessing {
  readonly options: SharedOptions;
  readonly reading: ReadingOptions;
  change(changes: ProcessingChanges): void;
}

/** As in the settings. */
const defaultBounds: CardinalityBounds = { maxTests: 5000, maxNodes: 5000, maxTagValues: 10_000 };

export function pushProcessing(given: ProcessingOptions, parts: ProcessingParts): PushProcessing {
  const { deliver, parking, malformed, answered, seen, access, clock, log } = given;
  const { directory, archive, missed } = parts;
  let settings: Settings = given;
  const reading = { bodies: access?.bodies, clock, maxBodyBytes: given.maxBodyBytes };
  const options: SharedOptions = {
    deliver,
    directory,
    parking,
    hasRoomFor: parking.hasRoomFor,
    checkSender: access?.checkSender,
    malformed,
    answered,
    record: seen,
    refused: refusalReport(given),
    missed,
    counts: pushCounts(),
    archive,
    clock,
    log,
    ...fromSettings(settings, parts),
  };
  return {
    options,
    reading,
    change({ push, cardinality }) {
      if (push !== undefined) {
        reading.maxBodyBytes = push.maxBodyBytes;
        settings = { ...settings, timings: push.timings, slices: { ...given.slices, ...push.slices } };
      }
      if (cardinality !== undefined) settings = { ...settings, cardinality };
      Object.assign(options, fromSettings(settings, parts));
    },
  };
}

type Settings = Pick<ProcessingOptions, 'slices' | 'timings' | 'cardinality'>;

/** The members that a reload replaces. */
function fromSettings(
  { slices, timings, cardinality: bounds = defaultBounds }: Settings,
  { known, overrideOf }: ProcessingParts,
): Pick<SharedOptions, 'slice' | 'extras' | 'labels' | 'guard'> {
  return {
    slice: slicer(slices, overrideOf),
    extras: timings,
    labels: wantedLabels(slices),
    guard: cardinalityGuard({ known, bounds, tagsOfRun: runTagger(slices), slices: slices.slices }),
  };
}

function refusalReport({ refused, clock, log }: ProcessingOptions): PushOptions['refused'] {
  const throttle = logThrottle(clock);
  return (reason, requestId) => {
    refused?.(reason);
    throttle((pushes) =>
      log.warn({ pushes, reason, requestId }, 'pushes are refused; Catchpoint sends them again for an hour'),
    );
  };
}
