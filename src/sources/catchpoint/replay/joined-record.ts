// Parses a record of the original bridge's -f: a run joined with its node, one JSON object a line.

import type { Zone } from 'luxon';
import {
  asNumber,
  describeValue,
  member,
  nonBlankText,
  positiveInteger,
  quantity,
  withoutUndefined,
} from '../fields.ts';
import { errorCode, type Measurement, NotAPush } from '../measurement.ts';
import type { Node } from '../nodes/node.ts';
import { correctedTime } from './original-time.ts';

interface JoinedRun {
  readonly measurement: Measurement;
  /** The node as the record has it. */
  readonly node: Node;
  /** True if the run's time may be off; see correctedTime. */
  readonly isDoubtful: boolean;
}

/** Records have lower-case names that no push has. */
export function isJoinedRecord(line: unknown): boolean {
  return member(line, 'testid') !== undefined && member(line, 'timestamp') !== undefined;
}

/**
 * Parses testid, timestamp (seconds, see correctedTime), rtt (ms), error (a code), counter and status. The node's
 * fields are nodeid, asn, continent, network_type, city, country, region and isp; unknown ones are null.
 *
 * @throws NotAPush naming the field and the value
 */
export function joinedRun(record: unknown, writtenIn: Zone): JoinedRun {
  const testId = id(record, 'testid');
  const nodeId = id(record, 'nodeid');
  const seconds = positiveInteger(member(record, 'timestamp'));
  if (seconds === undefined || seconds >= 1e10) {
    throw new NotAPush(`timestamp: expected seconds since 1970, found ${describeValue(member(record, 'timestamp'))}`);
  }
  const { timeMs, isDoubtful } = correctedTime(seconds, writtenIn);
  const rttMs = quantity(member(record, 'rtt'));
  const error = errorCode(member(record, 'error'));
  return {
    measurement: withoutUndefined<Measurement>({ testId, nodeId, timeMs, rttMs, totalMs: rttMs, error }),
    node: nodeOf(record, nodeId),
    isDoubtful,
  };
}

function id(record: unknown, name: string): number {
  const number = positiveInteger(member(record, name));
  if (number === undefined)
    throw new NotAPush(`${name}: expected an integer from 1 to 2^53-1, found ${describeValue(member(record, name))}`);
  return number;
}

function nodeOf(record: unknown, id: number): Node {
  return withoutUndefined<Node>({
    id,
    asn: asNumber(member(record, 'asn')),
    continent: name(record, 'continent'),
    country: name(record, 'country'),
    region: name(record, 'region'),
    city: name(record, 'city'),
    isp: name(record, 'isp'),
    networkType: name(record, 'network_type'),
    active: true,
  });
}

/** The original bridge wrote a space as `_`. With spaces the tag value is the same as that of a live push. */
function name(record: unknown, field: string): string | undefined {
  return nonBlankText(member(record, field))?.replaceAll('_', ' ');
}
