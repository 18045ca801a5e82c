// The model of a loss of power: the parts of files and the names that must or may be on disk.

import test from 'ava';
import { crashAfter, differences, type Snapshot } from './crash.ts';
import { emptyImage, type Image } from './image.ts';
import type { StoreEvent } from './store-event.ts';

function imageOf(text: string): Image {
  const image = emptyImage();
  image.write(0, Buffer.from(text));
  return image;
}

const before: Snapshot = { names: new Map([['a', 1]]), images: new Map([[1, imageOf('----')]]) };

const write = (
  call: number,
  text: string,
  more: { offset?: number; file?: number; isSynced?: boolean } = {},
): StoreEvent => ({
  kind: 'write',
  call,
  file: 1,
  offset: 0,
  bytes: Buffer.from(text),
  isSynced: false,
  ...more,
});
const returned = (call: number, result = 0): StoreEvent => ({ kind: 'returned', call, result });
const sync = (call: number, file: number | 'directory' = 1): StoreEvent => ({ kind: 'sync', call, file });

/** The least that is on disk after all events. */
function least(events: readonly StoreEvent[], count = events.length): Record<string, string> {
  return contents(events, count, 0);
}

/** The most that may be on disk. */
function most(events: readonly StoreEvent[], count = events.length): Record<string, string> {
  return contents(events, count, 1);
}

function contents(events: readonly StoreEvent[], count: number, share: number): Record<string, string> {
  const { files } = crashAfter(events, count, before, share, () => 0.5);
  return Object.fromEntries([...files].map(([name, image]) => [name, image.whole().toString('latin1')]));
}

test('a write through a descriptor with O_DSYNC is on disk once it has returned, and not before', (t) => {
  const events = [write(1, 'abcd', { isSynced: true }), returned(1, 4)];
  t.deepEqual(least(events, 1), { a: '----' });
  t.deepEqual(most(events, 1), { a: 'abcd' });
  t.deepEqual(least(events), { a: 'abcd' });
});

test('a write without O_DSYNC is on disk after a sync of its file that began after the write returned', (t) => {
  const events = [write(1, 'ab'), returned(1, 2), sync(2), write(3, 'cd', { offset: 2 }), returned(3, 2), returned(2)];
  t.deepEqual(least(events, 5), { a: '----' });
  t.deepEqual(least(events), { a: 'ab--' });
  t.deepEqual(
    least([write(1, 'ab'), sync(2), returned(1, 2), returned(2)]),
    { a: '----' },
    'it was under way as the sync began',
  );
});

test('a failed sync, or a sync of another file or the directory, persists no write', (t) => {
  for (const [file, result] of [
    [2, 0],
    ['directory', 0],
    [1, -1],
  ] as const) {
    t.deepEqual(least([write(1, 'abcd'), returned(1, 4), sync(2, file), returned(2, result)]), { a: '----' });
  }
});

test('any subset of the sectors of an unsynced write may be on disk, each at its offset', (t) => {
  const events = [write(1, 'x'.repeat(1_200), { offset: 300 })];
  const chances = [0.9, 0.1, 0.9, 0.1];
  const { files } = crashAfter(events, 1, before, 0.5, () => chances.shift() as number);
  const found = files.get('a')?.whole().toString('latin1') ?? '';
  t.is(found, `----${'\0'.repeat(296)}${'x'.repeat(212)}${'\0'.repeat(512)}${'x'.repeat(476)}`);
  t.is(chances.length, 0);
});

test('a file may grow by a write of which no sector is on disk', (t) => {
  const chances = [0.1, 0.9];
  const { files } = crashAfter([write(1, 'ab', { offset: 4 })], 1, before, 0.5, () => chances.shift() as number);
  t.is(files.get('a')?.whole().toString('latin1'), '----\0\0');
});

test('only the written bytes of a short write are on disk', (t) => {
  t.deepEqual(most([write(1, 'abcd', { isSynced: true }), returned(1, 2)]), { a: 'ab--' });
});

test('a later synced write overrides an earlier unsynced one, and a later unsynced one may override a synced one', (t) => {
  const both = [write(1, 'ab'), returned(1, 2), write(2, 'cd', { isSynced: true }), returned(2, 2)];
  t.deepEqual([least(both), most(both)], [{ a: 'cd--' }, { a: 'cd--' }]);
  const turned = [write(1, 'cd', { isSynced: true }), returned(1, 2), write(2, 'ab'), returned(2, 2)];
  t.deepEqual([least(turned), most(turned)], [{ a: 'cd--' }, { a: 'ab--' }]);
});

test('a truncation and a preallocation are on disk after a sync only', (t) => {
  const events: StoreEvent[] = [
    { kind: 'truncate', call: 1, file: 1, sizeBytes: 1 },
    returned(1),
    { kind: 'allocate', call: 2, file: 1, sizeBytes: 3 },
    returned(2),
    sync(3),
    returned(3),
  ];
  t.deepEqual([least(events, 4), most(events, 4)], [{ a: '----' }, { a: '-\0\0' }]);
  t.deepEqual(least(events), { a: '-\0\0' });
});

const checkpoint: readonly StoreEvent[] = [
  { kind: 'create', call: 1, name: 'b.new', file: 2 },
  returned(1, 30),
  write(2, 'two', { file: 2, isSynced: true }),
  returned(2, 3),
  { kind: 'rename', call: 3, from: 'b.new', to: 'b' },
  returned(3),
  { kind: 'unlink', call: 4, name: 'a' },
  returned(4),
  sync(5, 'directory'),
  returned(5),
];

test('only a sync of the directory persists a name change, even of a synced file', (t) => {
  t.deepEqual(least(checkpoint, 9), { a: '----' });
  t.deepEqual(most(checkpoint, 9), { b: 'two' });
  t.deepEqual(least(checkpoint), { b: 'two' });
});

test('any prefix of the unsynced name changes may be on disk, in order', (t) => {
  const names = (chance: number): string[] =>
    [...crashAfter(checkpoint, 9, before, 0.5, () => chance).files.keys()].toSorted();
  t.deepEqual([0, 0.3, 0.6, 0.9].map(names), [['a'], ['a', 'b.new'], ['a', 'b'], ['b']]);
});

test('a sync does not persist a name change that failed, or that returned after the sync began', (t) => {
  const unlink: StoreEvent = { kind: 'unlink', call: 1, name: 'a' };
  t.deepEqual(least([unlink, sync(2, 'directory'), returned(1), returned(2)]), { a: '----' });
  t.deepEqual(most([unlink, returned(1, -1), sync(2, 'directory'), returned(2)]), { a: '----' });
});

test('a rename over a file replaces it, or leaves both', (t) => {
  const events: StoreEvent[] = [
    { kind: 'create', call: 1, name: 'b', file: 2 },
    returned(1, 3),
    sync(2, 'directory'),
    returned(2),
    { kind: 'rename', call: 3, from: 'b', to: 'a' },
    returned(3),
  ];
  t.deepEqual([least(events), most(events)], [{ a: '----', b: '' }, { a: '' }]);
});

test('a run counts as acknowledged from the moment at which its 200 is sent', (t) => {
  const events: StoreEvent[] = [
    write(1, 'a', { isSynced: true }),
    { kind: 'answered', timestamp: '7' },
    returned(1, 1),
  ];
  t.deepEqual(
    [1, 2, 3].map((count) => crashAfter(events, count, before, 0, () => 0).answered),
    [[], ['7'], ['7']],
  );
  t.deepEqual(least(events, 2), { a: '----' }, 'a 200 before its write has returned is a run that may be lost');
});

test('simulated power losses do not affect each other', (t) => {
  t.deepEqual(most([write(1, 'abcd')]), { a: 'abcd' });
  t.deepEqual(most([]), { a: '----' });
});

test('an incomplete recording is detected', (t) => {
  t.deepEqual(differences([write(1, 'ab'), returned(1, 2)], before, new Map([['a', imageOf('ab--')]])), []);
  t.deepEqual(differences([write(1, 'ab'), returned(1, 2)], before, new Map([['a', imageOf('abc-')]])), [
    'a holds something else than was recorded',
  ]);
  t.deepEqual(differences([], before, new Map([['a', imageOf('map!')]])), []);
  t.regex(
    differences(
      [],
      before,
      new Map([
        ['a', imageOf('----')],
        ['b', imageOf('')],
      ]),
    )[0] ?? '',
    /^b is there/,
  );
  t.regex(differences([], before, new Map())[0] ?? '', /^a is not there/);
});
