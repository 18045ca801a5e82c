// Parses a line of a replay: a push from the archive, a bare push, or a record of the original bridge.

import type { Zone } from 'luxon';
import { describeValue, member } from '../fields.ts';
import { type MeasureOptions, type Measurement, measurementOf, NotAPush } from '../measurement.ts';
import type { Node } from '../nodes/node.ts';
import { parsePush } from '../push-body.ts';
import { isJoinedRecord, joinedRun } from './joined-record.ts';

export interface ReplayedRun {
  readonly measurement: Measurement;
  /** The push byte for byte, or the line of a joined record. */
  readonly body: Buffer;
  /** The node of a joined record, which is not looked up. */
  readonly node?: Node;
  /** True if the time of a joined record may be off by a clock change. */
  readonly isDoubtful: boolean;
}

/** The time zone of the original bridge's records is unknown. */
export class ZoneMissing extends Error {
  override readonly name = 'ZoneMissing';
  readonly exitCode = 64;
}

interface ReplayedRunOptions extends MeasureOptions {
  /** Time zone of the original bridge's machine. */
  readonly writtenIn: Zone | undefined;
}

/** @throws NotAPush, or ZoneMissing for a record of the original bridge without `writtenIn` */
export function replayedRun(line: string, options: ReplayedRunOptions): ReplayedRun {
  const archived = archivedPush(line);
  if (archived !== undefined)
    return { measurement: measurementOf(archived.json, options), body: archived.body, isDoubtful: false };
  const json = parse(line);
  if (isJoinedRecord(json)) {
    if (options.writtenIn === undefined) throw new ZoneMissing(zoneMissing);
    return { ...joinedRun(json, options.writtenIn), body: Buffer.from(line) };
  }
  const body = bodyOf(json, line);
  return { measurement: measurementOf(parsePush(body), options), body, isDoubtful: false };
}

const zoneMissing =
  "these are records of the original bridge's -f, whose times were made with the local time of its machine; " +
  'say in which zone that was, such as --written-in-zone America/New_York (UTC if it was on UTC)';

/** A push that the archive wrote verbatim. Undefined for any other line. */
function archivedPush(line: string): { readonly json: unknown; readonly body: Buffer } | undefined {
  const [, text] = /^\{"receivedAt":"[^"]*","body":(\s*\{.*)\}$/s.exec(line) ?? [];
  if (text === undefined) return undefined;
  try {
    return { json: JSON.parse(text), body: Buffer.from(text) };
  } catch {
    return undefined;
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new NotAPush(`expected a line of JSON, found text that is not JSON (${(error as Error).message})`);
  }
}

/** The push in `body`, as an object or as text. A line without `body` is a push itself. */
function bodyOf(json: unknown, line: string): Buffer {
  const body = member(json, 'body');
  if (typeof body === 'string') return Buffer.from(body);
  if (typeof body === 'object' && body !== null) return Buffer.from(JSON.stringify(body));
  if (body !== undefined) throw new NotAPush(`body: expected a push, found ${describeValue(body)}`);
  return Buffer.from(line);
}
