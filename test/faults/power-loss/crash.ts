// Simulates a loss of power: the contents of a directory at any moment.
//
// A write through a descriptor with O_DSYNC is on disk once it has returned. Any other write is on disk after a sync of
// its file that began after the write's return. Of all other writes any sectors may be on disk. A change of a name is
// on disk after a sync of the directory that began after the change; of the others the first few are.

import { emptyImage, type Image } from './image.ts';
import { type FileNumber, isNameEvent, type StoreEvent } from './store-event.ts';

/** A directory at the begin of the recording. */
export interface Snapshot {
  readonly names: ReadonlyMap<string, FileNumber>;
  readonly images: ReadonlyMap<FileNumber, Image>;
}

export interface Crash {
  /** By name. */
  readonly files: ReadonlyMap<string, Image>;
  /** The timestamps of the pushes answered 200 before. */
  readonly answered: readonly string[];
}

const sectorBytes = 512;

/** The state of a call at the loss of power. */
interface Course {
  /** Undefined: not returned. */
  readonly result: number | undefined;
  /** A sync has put it on disk. */
  readonly isSynced: boolean;
}

type Chance = { readonly share: number; readonly random: () => number };

/**
 * Loses power after `count` events.
 *
 * @param share - the probability that an unsynced part is on disk, 0 to 1
 */
export function crashAfter(
  events: readonly StoreEvent[],
  count: number,
  before: Snapshot,
  share: number,
  random: () => number,
): Crash {
  const passed = events.slice(0, count);
  const chance = { share, random };
  const courseOf = courses(passed);
  const names = namesAfter(passed, before.names, courseOf, chance);
  const images = new Map([...names.values()].map((file) => [file, before.images.get(file)?.copy() ?? emptyImage()]));
  for (const event of passed) {
    const image = 'file' in event && event.file !== 'directory' ? images.get(event.file) : undefined;
    if (image !== undefined) change(image, event, courseOf, chance);
  }
  return {
    files: new Map([...names].map(([name, file]) => [name, images.get(file) as Image])),
    answered: passed.flatMap((event) => (event.kind === 'answered' ? [event.timestamp] : [])),
  };
}

/**
 * Returns the differences between a directory and all its events, which show that the recording is incomplete. A file
 * without events may have changed through a map.
 */
export function differences(
  events: readonly StoreEvent[],
  before: Snapshot,
  now: ReadonlyMap<string, Image>,
): string[] {
  const { files } = crashAfter(events, events.length, before, 1, () => 0);
  const unchanged = new Set(
    [...before.images]
      .filter(([file]) => !events.some((event) => 'file' in event && event.file === file))
      .map(([file]) => file),
  );
  const unseen = new Set([...before.names].filter(([, file]) => unchanged.has(file)).map(([name]) => name));
  return [...new Set([...files.keys(), ...now.keys()])].flatMap((name) => {
    const [recorded, found] = [files.get(name), now.get(name)];
    if (recorded === undefined || found === undefined)
      return [`${name} is ${recorded === undefined ? 'there' : 'not there'}, and the recording says otherwise`];
    return recorded.isSameAs(found) || unseen.has(name) ? [] : [`${name} holds something else than was recorded`];
  });
}

function courses(passed: readonly StoreEvent[]): (call: number, file: FileNumber | 'directory') => Course {
  const returned = new Map<number, { readonly at: number; readonly result: number }>();
  for (const [at, event] of passed.entries())
    if (event.kind === 'returned') returned.set(event.call, { at, result: event.result });
  /** The begin of the last returned sync of each file. */
  const syncs = new Map<FileNumber | 'directory', number>();
  for (const [at, event] of passed.entries())
    if (event.kind === 'sync' && returned.get(event.call)?.result === 0) syncs.set(event.file, at);
  return (call, file) => {
    const { at = Infinity, result } = returned.get(call) ?? {};
    return { result, isSynced: at < (syncs.get(file) ?? -1) };
  };
}

type CourseOf = ReturnType<typeof courses>;

function namesAfter(
  passed: readonly StoreEvent[],
  before: ReadonlyMap<string, FileNumber>,
  courseOf: CourseOf,
  chance: Chance,
): Map<string, FileNumber> {
  const changes = passed.filter(isNameEvent).filter(({ call }) => (courseOf(call, 'directory').result ?? 0) >= 0);
  const unsynced = changes.filter(({ call }) => !courseOf(call, 'directory').isSynced);
  const lost = new Set(unsynced.slice(howMany(unsynced.length, chance)));
  const names = new Map(before);
  for (const change of changes) {
    if (lost.has(change)) continue;
    if (change.kind === 'create') names.set(change.name, change.file);
    if (change.kind === 'unlink') names.delete(change.name);
    const file = change.kind === 'rename' ? names.get(change.from) : undefined;
    if (change.kind !== 'rename' || file === undefined) continue;
    names.delete(change.from);
    names.set(change.to, file);
  }
  return names;
}

/** 0, 1, or random. */
function howMany(count: number, { share, random }: Chance): number {
  if (count === 0 || share === 0 || share === 1) return count * share;
  return Math.floor(random() * (count + 1));
}

function change(image: Image, event: StoreEvent, courseOf: CourseOf, { share, random }: Chance): void {
  if (event.kind !== 'write' && event.kind !== 'truncate' && event.kind !== 'allocate') return;
  const { result, isSynced } = courseOf(event.call, event.file);
  if (event.kind !== 'write') {
    const isThere = (result ?? 0) >= 0 && (isSynced || random() < share);
    if (isThere)
      image.resize(event.kind === 'truncate' ? event.sizeBytes : Math.max(image.sizeBytes(), event.sizeBytes));
    return;
  }
  const { offset } = event;
  const bytes = result !== undefined && result >= 0 ? event.bytes.subarray(0, result) : event.bytes;
  const hasReturned = result !== undefined && result >= 0;
  if (hasReturned && (isSynced || event.isSynced)) {
    image.write(offset, bytes);
    return;
  }
  if (random() < share) image.resize(Math.max(image.sizeBytes(), offset + bytes.length));
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + sectorBytes - ((offset + at) % sectorBytes));
    if (random() < share) image.write(offset + at, bytes.subarray(at, end));
    at = end;
  }
}
