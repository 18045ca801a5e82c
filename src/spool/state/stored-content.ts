// Reads a change again from where it stands in the log: letters, parked measurements and retries are held in memory by their place alone.

import type { Change } from './change.ts';
import { frameHeadBytes, frameKinds, groupSeed, intactFrame, readFrameHead } from '../log/format.ts';
import { type GroupPlaces, lastWhere } from '../log/group-places.ts';
import { splitPayload } from '../log/payload.ts';
import { type SegmentBytes, segmentBytes } from '../log/scan.ts';
import { segmentPath } from '../log/segment-files.ts';
import type { Location } from '../log/segment-log.ts';
import type { SegmentEntry } from '../log/segment-table.ts';

export interface Content {
  /** The change that stands there, or will when it is durable; undefined when it cannot be read. */
  at(place: Location): Change | undefined;
  /** Holds a change until it can be read. */
  hold(place: Location, change: Change): void;
  /** What is before this place can be read; undefined: all that is held will never be. */
  release(end: Location | undefined): void;
  close(): void;
}

export interface ContentOptions {
  readonly directory: string;
  readonly segments: () => readonly SegmentEntry[];
  readonly index: GroupPlaces;
}

/** Those who ask for the parts of a frame one after the other read it once. */
const held = 8;

export function content({ directory, segments, index }: ContentOptions): Content {
  const known = new Map<string, Change>();
  const pending = new Map<string, { readonly place: Location; readonly change: Change }>();
  let open: { readonly number: number; readonly bytes: SegmentBytes } | undefined;

  function read({ segment: number, at }: Location): Change | undefined {
    const segment = segments().find((one) => one.number === number);
    if (segment === undefined || at >= segment.end) return undefined;
    const groups = index.of(segment);
    const found = lastWhere(groups, (one) => one.at < at);
    const group = groups[found];
    if (group === undefined) return undefined;
    // Where heads cannot be read several groups count as one.
    const behind = groups[found + 1]?.number ?? segment.nextGroup;
    const numbers = Array.from({ length: Math.max(1, behind - group.number) }, (_, more) => group.number + more);
    try {
      if (open?.number !== number) {
        open?.bytes.close();
        open = undefined;
        open = { number, bytes: segmentBytes(segmentPath(directory, number)) };
      }
      return readChange(
        open.bytes,
        at,
        segment.end,
        numbers.map((one) => groupSeed(one, segment.seed)),
      );
    } catch {
      return undefined;
    }
  }

  return {
    hold: (place, change) => void pending.set(keyOf(place), { place, change }),
    release(end) {
      if (end === undefined) {
        pending.clear();
        // Something else may come to stand in the place of what was not written.
        known.clear();
      }
      for (const [key, { place }] of pending) {
        if (end !== undefined && (place.segment > end.segment || (place.segment === end.segment && place.at >= end.at)))
          break;
        pending.delete(key);
      }
    },
    at(place) {
      const key = keyOf(place);
      const change = pending.get(key)?.change ?? known.get(key) ?? read(place);
      known.delete(key);
      if (change !== undefined) known.set(key, change);
      for (const oldest of known.keys()) if (known.size > held) known.delete(oldest);
      return change;
    },
    close() {
      open?.bytes.close();
      open = undefined;
      known.clear();
    },
  };
}

function keyOf({ segment, at }: Location): string {
  return `${segment} ${at}`;
}

function readChange(bytes: SegmentBytes, at: number, end: number, seeds: readonly number[]): Change | undefined {
  const length = bytes.read(at, frameHeadBytes, end).readUInt32LE(0);
  if (at + frameHeadBytes + length > end) return undefined;
  const frame = bytes.read(at, frameHeadBytes + length, end);
  if (seeds.every((seed) => intactFrame(frame, 0, frame.length, seed) === undefined)) return undefined;
  const payload = frame.subarray(frameHeadBytes);
  const { kind } = readFrameHead(frame, 0);
  if (kind === frameKinds.points) return undefined;
  return JSON.parse(kind === frameKinds.both ? splitPayload(payload).change : payload.toString('utf8')) as Change;
}
