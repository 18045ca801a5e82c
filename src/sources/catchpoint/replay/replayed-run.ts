// Reads a line of what is replayed: a push out of the archive, a push that stands alone, or a record that the original
// bridge wrote.

import type { Zone } from 'luxon';
import { found, member } from '../fields.ts';
import { type Measurement, measurementOf, NotAPush } from '../measurement.ts';
import type { Node } from '../nodes/node.ts';
import { parsePush } from '../push-body.ts';
import { isJoinedRecord, joinedRun } from './joined-record.ts';

export interface ReplayedRun {
  readonly measurement: Measurement;
  /** The push, byte for byte as it came; of a joined record its line. */
  readonly body: Buffer;
  /** Of a joined record: the node, which is not looked up. */
  readonly node?: Node;
  /** Whether its time may be off by a clock change; of joined records only. */
  readonly isDoubtful: boolean;
}

/** The original's records, and nobody has said which zone their times were written in. */
export class ZoneMissing extends Error {
  override readonly name = 'ZoneMissing';
  readonly exitCode = 64;
}

export interface ReplayedRunOptions {
  /** Whether to read the timings, byte counts and counters beyond the RTT too. */
  readonly extras: boolean;
  /** The labels to read, in lower case. */
  readonly labels?: readonly string[];
  /** In which zone the machine of the original bridge lived. */
  readonly writtenIn: Zone | undefined;
}

/**
 * The run in a line.
 *
 * @throws NotAPush when it holds none, ZoneMissing for a record of the original's without `writtenIn`
 */
export function replayedRun(line: string, { extras, labels = [], writtenIn }: ReplayedRunOptions): ReplayedRun {
  const archived = archivedVerbatim(line);
  if (archived !== undefined)
    return { measurement: measurementOf(archived.json, { extras, labels }), body: archived.body, isDoubtful: false };
  const json = jsonOf(line);
  if (isJoinedRecord(json)) {
    if (writtenIn === undefined) throw new ZoneMissing(zoneMissing);
    return { ...joinedRun(json, writtenIn), body: Buffer.from(line) };
  }
  const body = bodyOf(json, line);
  return { measurement: measurementOf(parsePush(body), { extras, labels }), body, isDoubtful: false };
}

const zoneMissing =
  "these are records of the original bridge's -f, whose times were made with the local time of its machine; " +
  'say in which zone that was, such as --written-in-zone America/New_York (UTC if it was on UTC)';

/** A line as the archive writes it: the push stands in it as it came. */
function archivedVerbatim(line: string): { readonly json: unknown; readonly body: Buffer } | undefined {
  const [, text] = /^\{"receivedAt":"[^"]*","body":(\s*\{.*)\}$/s.exec(line) ?? [];
  if (text === undefined) return undefined;
  try {
    return { json: JSON.parse(text), body: Buffer.from(text) };
  } catch {
    return undefined;
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new NotAPush(`expected a line of JSON, found text that is not JSON (${(error as Error).message})`);
  }
}

/** The push in an archived line, as an object or as text; a line without one is a push itself. */
function bodyOf(json: unknown, line: string): Buffer {
  const body = member(json, 'body');
  if (typeof body === 'string') return Buffer.from(body);
  if (typeof body === 'object' && body !== null) return Buffer.from(JSON.stringify(body));
  if (body !== undefined) throw new NotAPush(`body: expected a push, found ${found(body)}`);
  return Buffer.from(line);
}
