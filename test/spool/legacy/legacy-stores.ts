// Legacy stores for tests: fixtures that an earlier version wrote, and stores that a test fills.

import type { ExecutionContext } from 'ava';
import { open } from 'lmdb';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gunzipSync } from 'node:zlib';
import type { Clock } from '../../../src/runtime/clock.ts';
import type { LegacyItem } from '../../../src/spool/legacy/lmdb/items.ts';
import { type LegacyRecord, type LegacyStore, openLegacyStore } from '../../../src/spool/legacy/lmdb/store.ts';
import {
  type LegacyHead,
  type LegacyPosition,
  type LetterRow,
  type ParkedRow,
  recordDictionary,
  type RetryRow,
} from '../../../src/spool/legacy/lmdb/format.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { movableClock } from '../../fakes/time.ts';

const fixtures = new URL('../../../../test/spool/legacy/fixtures/', import.meta.url);

/** The contents of a fixture, as the earlier version read them. */
export interface Contents {
  readonly head: LegacyHead;
  readonly records: readonly LegacyRecord[];
  readonly positions: readonly (readonly [sink: string, position: LegacyPosition])[];
  readonly counts: readonly (readonly [name: string, count: number])[];
  readonly generation: number;
  readonly runs: readonly (readonly (readonly [key: string, digest: string])[])[];
  readonly retries: readonly (readonly [key: readonly [string, number], row: RetryRow])[];
  readonly parked: readonly (readonly [key: readonly [string, number], row: ParkedRow])[];
  readonly letters: readonly (readonly [id: string, row: LetterRow])[];
  readonly samples: readonly (readonly [id: string, row: LetterRow])[];
}

export type FixtureName = 'full' | 'annotations';

export function contentsOf(name: FixtureName): Contents {
  return JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8')) as Contents;
}

/** The data.mdb of a fixture. */
export function bytesOf(name: FixtureName): Buffer {
  return gunzipSync(readFileSync(new URL(`${name}.mdb.gz`, fixtures)));
}

/** Makes a directory with this data.mdb. */
export async function directoryWith(t: ExecutionContext, data: Buffer): Promise<string> {
  const directory = join(await temporaryDirectory(t), 'spool');
  mkdirSync(directory);
  writeFileSync(join(directory, 'data.mdb'), data);
  return directory;
}

/** Opens the store in a directory, and closes it after the test. */
export async function openedStore(
  t: ExecutionContext,
  directory: string,
  options: { readonly clock?: Clock; readonly signal?: AbortSignal } = {},
): Promise<LegacyStore> {
  const store = await openLegacyStore(directory, {
    clock: movableClock(),
    signal: new AbortController().signal,
    ...options,
  });
  t.teardown(store.close);
  return store;
}

/** The items of a store with these contents, in order. */
export function itemsOf({
  positions,
  counts,
  generation,
  runs,
  retries,
  parked,
  letters,
  samples,
}: Contents): LegacyItem[] {
  const hours = runs.map((rows, index) => ({
    rows,
    generation: [0, 1, 2].map((age) => generation - age).find((hour) => hour % runs.length === index),
  }));
  return [
    ...positions.map(([sink, position]) => ({ kind: 'position', sink, position }) as const),
    ...counts.map(([name, count]) => ({ kind: 'count', name, count }) as const),
    ...hours.flatMap(({ rows, generation: hour }) =>
      hour === undefined ? [] : rows.map(([key, digest]) => ({ kind: 'run', key, digest, generation: hour }) as const),
    ),
    ...retries.map(([[sink, sequence], row]) => ({ kind: 'retry', sink, sequence, row }) as const),
    ...parked.map(([[waitsFor, sequence], row]) => ({ kind: 'parked', waitsFor, sequence, row }) as const),
    ...letters.map(([id, row]) => ({ kind: 'letter', id, row }) as const),
    ...samples.map(([id, row]) => ({ kind: 'sample', id, row }) as const),
  ];
}

export interface Filling {
  readonly format?: number;
  readonly records?: Iterable<readonly [sequence: number, row: unknown]>;
  readonly positions?: Readonly<Record<string, LegacyPosition>>;
  readonly letters?: Readonly<Record<string, LetterRow>>;
  /** Records whose checksums do not match. */
  readonly damaged?: readonly number[];
}

/** Makes a store with lmdb, and returns its directory. */
export async function filledStore(
  t: ExecutionContext,
  { format = 3, records = [], positions = {}, letters = {}, damaged = [] }: Filling,
): Promise<string> {
  const directory = join(await temporaryDirectory(t), 'spool');
  const environment = open({ path: directory, maxDbs: 16, noSubdir: false, overlappingSync: false });
  const binary = { encoding: 'binary' } as const;
  const compressed = { ...binary, compression: { threshold: 256, dictionary: recordDictionary() } };
  const named = Object.fromEntries(
    ['runs-0', 'runs-1', 'runs-2', 'runs-3', 'parked', 'dead-letters', 'malformed', 'meta', 'positions'].map((name) => [
      name,
      environment.openDB<Buffer, string>({ name, ...binary }),
    ]),
  );
  environment.openDB({ name: 'retries', ...compressed });
  const stored = environment.openDB<Buffer, number>({ name: 'records', ...compressed });
  environment.transactionSync(() => {
    named['meta']?.putSync('format', withChecksum(format, ''));
    for (const [sink, position] of Object.entries(positions))
      named['positions']?.putSync(sink, withChecksum(position, sink));
    for (const [id, row] of Object.entries(letters)) named['dead-letters']?.putSync(id, withChecksum(row, ''));
    for (const [sequence, row] of records)
      stored.putSync(sequence, withChecksum(row, damaged.includes(sequence) ? `not ${sequence}` : String(sequence)));
  });
  await environment.close();
  return directory;
}

function withChecksum(value: unknown, key: string): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const bytes = Buffer.concat([Buffer.alloc(4), text]);
  bytes.writeUInt32BE(crc32(text, crc32(key)));
  return bytes;
}

/** Makes the records `from` … `through`, of three points each. */
export function* recordsOfThree(from: number, through: number): Generator<readonly [sequence: number, row: unknown]> {
  for (let sequence = from; sequence <= through; sequence += 1) {
    const points = ['node', 'asn', 'city'].map((slice) => [
      `catchpoint.rtt.by_${slice}.204417`,
      1794994452 + sequence,
      's',
      `${sequence}.5`,
      { nodeid: '312', [slice]: '1' },
    ]);
    yield [sequence, [1794994452345 + sequence, 3 * (sequence - 1), 500 * (sequence - 1), points]];
  }
}
