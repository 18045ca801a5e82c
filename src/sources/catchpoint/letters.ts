// Dead letters of this source's own kinds, tried again: measurements are completed or parked once more, pushes go the way of a push.

import type { Clock } from '../../runtime/clock.ts';
import { pointCount } from '../../model/factored-points.ts';
import type { Deliver, LetterRetried, LetterRetry, LetterToRetry, Parked } from '../../model/point.ts';
import { type CardinalityGuard, overCardinality } from './cardinality/guard.ts';
import { type MeasureOptions, type Measurement, NotAPush } from './measurement.ts';
import type { NodeDirectory } from './nodes/node.ts';
import { parkedMeasurement } from './parked.ts';
import { implausibleTime, runOf } from './push.ts';
import { dimensionsOfPushAlone, type Slicer } from './slices.ts';
import { measurementOfPush } from './fast-push-parser.ts';

export interface LetterRetryOptions {
  /** Rejects with an error named NoSuchLetter when the letter is not there any more. */
  readonly deliver: Deliver;
  readonly hasRoomFor: (parked: Parked) => boolean;
  readonly directory: NodeDirectory;
  readonly slice: Slicer;
  readonly clock: Clock;
  /** Whether to read the timings, byte counts and counters beyond the RTT too. */
  readonly extras: boolean;
  /** The labels to read, in lower case. */
  readonly labels?: readonly string[];
  readonly guard?: Pick<CardinalityGuard, 'refusal'>;
  /** Told of a node that the directory does not know. */
  readonly missed: (nodeId: number) => void;
}

/** The retry of this source. */
export function letterRetry(options: LetterRetryOptions): LetterRetry {
  return (letter) => {
    switch (letter.kind) {
      case 'parking-full':
      case 'node-unknown':
        return retryMeasurement(letter, options);
      case 'implausible-time':
      case 'malformed':
      case overCardinality:
        return retryPush(letter, options);
      default:
        return undefined;
    }
  };
}

/** The slices that a push has without its node went out with it. */
async function retryMeasurement({ id, input }: LetterToRetry, options: LetterRetryOptions): Promise<LetterRetried> {
  const { deliver, directory, slice } = options;
  const measurement = JSON.parse(input.toString()) as Measurement;
  const { nodeId } = measurement;
  const node = directory.find(nodeId);
  if (node !== undefined) {
    const missing = slice(measurement, node, dimensionsOfPushAlone(measurement));
    await deliver(missing, { redeems: id });
    return { done: `completed: ${pointCount(missing)} points wait in the spool` };
  }
  const parked = parkedMeasurement(measurement);
  if (!options.hasRoomFor(parked))
    return { refused: `node ${nodeId} is still unknown, and there is no room to park it` };
  await deliver([], { redeems: id, parked });
  options.missed(nodeId);
  return { done: `parked: node ${nodeId} is still unknown` };
}

/**
 * A push that was never acknowledged is told apart from what Catchpoint may have sent again by its run; of one that was, the
 * run has been remembered.
 */
async function retryPush({ id, kind, input }: LetterToRetry, options: LetterRetryOptions): Promise<LetterRetried> {
  const { deliver, directory, slice, clock } = options;
  const measurement = measured(input, { extras: options.extras, labels: options.labels ?? [] });
  if (typeof measurement === 'string') return { refused: `still no push: ${measurement}` };
  const implausible = implausibleTime(measurement.timeMs, clock.now());
  if (implausible !== undefined) return { refused: implausible };
  const run = kind === 'malformed' ? { run: runOf(measurement, input) } : {};
  const node = directory.find(measurement.nodeId);
  const refusal = options.guard?.refusal(measurement, node);
  if (refusal !== undefined) return { refused: refusal };
  const points = slice(measurement, node);
  const parked = node === undefined ? { parked: parkedMeasurement(measurement) } : {};
  const delivered = await deliver(points, { ...run, ...parked, redeems: id });
  if (delivered === 'duplicate') return { done: 'the run has been taken meanwhile' };
  if (node === undefined) options.missed(measurement.nodeId);
  return { done: `taken: ${pointCount(points)} points wait in the spool` };
}

function measured(input: Buffer, options: MeasureOptions): Measurement | string {
  try {
    return measurementOfPush(input, options);
  } catch (error) {
    if (error instanceof NotAPush) return error.message;
    throw error;
  }
}
