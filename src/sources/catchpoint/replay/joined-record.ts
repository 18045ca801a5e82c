// What the original bridge's -f wrote: a run already joined with its node, a JSON object a line.

import type { Zone } from 'luxon';
import { asNumber, found, member, positiveInteger, quantity, text } from '../fields.ts';
import { errorCode, type Measurement, NotAPush } from '../measurement.ts';
import type { Node } from '../nodes/node.ts';
import { trueTime } from './original-time.ts';

export interface JoinedRun {
  readonly measurement: Measurement;
  /** As the record has it, which is how the original knew it. */
  readonly node: Node;
  /** Whether the run's time may be off; see trueTime. */
  readonly isDoubtful: boolean;
}

/** Whether a line is one of these: the original writes its own names, none of which stands in a push. */
export function isJoinedRecord(line: unknown): boolean {
  return member(line, 'testid') !== undefined && member(line, 'timestamp') !== undefined;
}

/**
 * Reads a record: testid, timestamp (seconds, see trueTime), rtt (ms), error (a code), counter, status, and of the node
 * nodeid, asn, continent, network_type, city, country, region and isp, each null when it was not known.
 *
 * @throws NotAPush, which names the field and the value found
 */
export function joinedRun(record: unknown, writtenIn: Zone): JoinedRun {
  const testId = id(record, 'testid');
  const nodeId = id(record, 'nodeid');
  const seconds = positiveInteger(member(record, 'timestamp'));
  if (seconds === undefined || seconds >= 1e10) {
    throw new NotAPush(`timestamp: expected seconds since 1970, found ${found(member(record, 'timestamp'))}`);
  }
  const { timeMs, isDoubtful } = trueTime(seconds, writtenIn);
  const rttMs = quantity(member(record, 'rtt'));
  const error = errorCode(member(record, 'error'));
  return {
    measurement: {
      testId,
      nodeId,
      timeMs,
      ...(rttMs === undefined
        ? {}
        : {
            rttMs,
            totalMs: rttMs,
          }),
      ...(error === undefined ? {} : { error }),
    },
    node: nodeOf(record, nodeId),
    isDoubtful,
  };
}

function id(record: unknown, name: string): number {
  const number = positiveInteger(member(record, name));
  if (number === undefined)
    throw new NotAPush(`${name}: expected an integer from 1 to 2^53-1, found ${found(member(record, name))}`);
  return number;
}

function nodeOf(record: unknown, nodeId: number): Node {
  const asn = asNumber(member(record, 'asn'));
  const names = {
    continent: name(record, 'continent'),
    country: name(record, 'country'),
    region: name(record, 'region'),
    city: name(record, 'city'),
    isp: name(record, 'isp'),
    networkType: name(record, 'network_type'),
  };
  const known = Object.entries(names).filter(([, value]) => value !== undefined);
  return {
    id: nodeId,
    ...(asn === undefined ? {} : { asn }),
    ...(Object.fromEntries(known) as Partial<Node>),
    active: true,
  };
}

/** The original wrote a space as `_`; with its spaces a name becomes the same tag as that of a live push. */
function name(record: unknown, field: string): string | undefined {
  return text(member(record, field))?.replaceAll('_', ' ');
}
