// Retries the dead letters of this source: measurements whose node was unknown, and pushes.

import { pointCount } from '../../model/factored-points.ts';
import type { LetterRetried, LetterRetry, LetterToRetry, Parked } from '../../model/point.ts';
import { overCardinality } from './cardinality/guard.ts';
import { measurementOfPush } from './fast-push-parser.ts';
import { type Measurement, NotAPush } from './measurement.ts';
import { parkedMeasurement } from './parked.ts';
import { faultOf, type PushOptions, type RunOptions, runOf } from './push.ts';
import { dimensionsWithoutNode } from './slices.ts';

/** `deliver` rejects with an error named NoSuchLetter when the letter has been removed meanwhile. */
export interface LetterRetryOptions extends RunOptions, Pick<PushOptions, 'extras' | 'labels'> {
  readonly hasRoomFor: (parked: Parked) => boolean;
}

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

/** Delivers only the slices that need the node. The others were delivered with the push. */
async function retryMeasurement({ id, input }: LetterToRetry, options: LetterRetryOptions): Promise<LetterRetried> {
  const { deliver, directory, slice } = options;
  const measurement = JSON.parse(input.toString()) as Measurement;
  const { nodeId } = measurement;
  const node = directory.find(nodeId);
  if (node !== undefined) {
    const missing = slice(measurement, node, dimensionsWithoutNode(measurement));
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
 * A malformed push was answered 4xx, so Catchpoint may have sent its run again: the run key detects that.
 * The run key of any other kind was stored with the letter, and would make the retry a duplicate of itself.
 */
async function retryPush({ id, kind, input }: LetterToRetry, options: LetterRetryOptions): Promise<LetterRetried> {
  const { deliver, directory, slice } = options;
  const measurement = measuredOrReason(input, options);
  if (typeof measurement === 'string') return { refused: `still no push: ${measurement}` };
  const node = directory.find(measurement.nodeId);
  const fault = faultOf(measurement, node, options);
  if (fault !== undefined) return { refused: fault.reason };
  const points = slice(measurement, node);
  const delivered = await deliver(points, {
    ...(kind === 'malformed' && { run: runOf(measurement, input) }),
    ...(node === undefined && { parked: parkedMeasurement(measurement) }),
    redeems: id,
  });
  if (delivered === 'duplicate') return { done: 'the run has been taken meanwhile' };
  if (node === undefined) options.missed(measurement.nodeId);
  return { done: `taken: ${pointCount(points)} points wait in the spool` };
}

function measuredOrReason(input: Buffer, options: LetterRetryOptions): Measurement | string {
  try {
    return measurementOfPush(input, options);
  } catch (error) {
    if (error instanceof NotAPush) return error.message;
    throw error;
  }
}
