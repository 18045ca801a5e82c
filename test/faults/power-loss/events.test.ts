// The output of strace becomes events of a directory: writes, syncs, names and answers.

import test from 'ava';
import type { Descriptor, Files } from './descriptors.ts';
import { eventsOf } from './events.ts';

const hex = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
const path = (name: string): string => hex(`/state/spool/${name}`);

interface Opened {
  readonly descriptors?: Readonly<Record<number, Partial<Descriptor>>>;
  readonly names?: Readonly<Record<string, number>>;
  readonly sizes?: Readonly<Record<number, number>>;
}

/** The directory /state/spool with a.segment, open as 20. */
function files({ descriptors = { 20: {} }, names = { 'a.segment': 1 }, sizes = {} }: Opened = {}): Files {
  const whole = Object.entries(descriptors).map(
    ([fd, one]) => [Number(fd), { file: 1, isSynced: false, isAppending: false, place: 0, ...one }] as const,
  );
  return {
    directories: ['/state/spool'],
    descriptors: new Map(whole),
    names: new Map(Object.entries(names)),
    sizes: new Map(Object.entries(sizes).map(([file, size]) => [Number(file), size])),
  };
}

test('a write has its offset and its bytes, and is synced with O_DSYNC', (t) => {
  const lines = [
    `7 pwrite64(20, ${hex('ab')}, 2, 4096) = 2`,
    `7 pwrite64(21, ${hex('c')}, 1, 0)   = 1`,
    `7 pwrite64(9, ${hex('x')}, 1, 0) = 1`,
  ];
  t.deepEqual(eventsOf(lines, files({ descriptors: { 20: { isSynced: true }, 21: {} } })), [
    { kind: 'write', call: 1, file: 1, offset: 4096, bytes: Buffer.from('ab'), isSynced: true },
    { kind: 'returned', call: 1, result: 2 },
    { kind: 'write', call: 2, file: 1, offset: 0, bytes: Buffer.from('c'), isSynced: false },
    { kind: 'returned', call: 2, result: 1 },
  ]);
});

test('a call that is printed in two parts returns with the second', (t) => {
  const lines = [
    `7 pwrite64(20, ${hex('ab')}, 2, 0 <unfinished ...>`,
    `8 fdatasync(20 <unfinished ...>`,
    `7 <... pwrite64 resumed>)           = 2`,
    `8 <... fdatasync resumed>)          = -1 EIO (Input/output error)`,
    `7 pwrite64(20, ${hex('c')}, 1, 2 <unfinished ...>`,
    `7 <... pwrite64 resumed> <unfinished ...>) = ?`,
  ];
  t.deepEqual(eventsOf(lines, files()), [
    { kind: 'write', call: 1, file: 1, offset: 0, bytes: Buffer.from('ab'), isSynced: false },
    { kind: 'sync', call: 2, file: 1 },
    { kind: 'returned', call: 1, result: 2 },
    { kind: 'returned', call: 2, result: -1 },
    { kind: 'write', call: 3, file: 1, offset: 2, bytes: Buffer.from('c'), isSynced: false },
  ]);
});

test('a call that began before the recording, and other lines, are ignored', (t) => {
  const lines = [
    '7 <... fdatasync resumed>) = 0',
    '7 +++ exited with 0 +++',
    '7 --- SIGTERM {si_signo=SIGTERM} ---',
    '7 fsync(20 <detached ...>',
    '',
  ];
  t.deepEqual(eventsOf(lines, files()), [{ kind: 'sync', call: 1, file: 1 }]);
});

test('writes without an offset follow the last write, a seek, or the end of the file', (t) => {
  const lines = [
    `7 writev(20, [{iov_base=${hex('ab')}, iov_len=2}, {iov_base=${hex('c')}, iov_len=1}], 2) = 3`,
    `7 write(20, ${hex('d')}, 1) = 1`,
    `7 lseek(20, 100, SEEK_SET) = 100`,
    `7 write(20, ${hex('e')}, 1) = 1`,
    `7 write(21, ${hex('f')}, 1) = 1`,
    `7 pwritev(20, [{iov_base=${hex('gh')}, iov_len=2}, {iov_base="", iov_len=0}], 2, 4096) = 2`,
    `7 pwritev2(20, [{iov_base=${hex('i')}, iov_len=1}], 1, 8192, RWF_DSYNC) = 1`,
  ];
  const written = eventsOf(
    lines,
    files({ descriptors: { 20: { place: 8 }, 21: { isAppending: true } }, sizes: { 1: 50 } }),
  ).flatMap((event) => (event.kind === 'write' ? [event] : []));
  t.deepEqual(
    written.map(({ offset, bytes, isSynced }) => [offset, String(bytes), isSynced]),
    [
      [8, 'abc', false],
      [11, 'd', false],
      [100, 'e', false],
      [101, 'f', false],
      [4096, 'gh', false],
      [8192, 'i', true],
    ],
  );
});

test('a file keeps its identity after a rename over another file', (t) => {
  const lines = [
    `7 openat(AT_FDCWD, ${path('checkpoint.new')}, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 30`,
    `7 rename(${path('checkpoint.new')}, ${path('checkpoint')}) = 0`,
    `7 write(30, ${hex('a')}, 1) = 1`,
    `7 close(30) = 0`,
    `7 write(30, ${hex('b')}, 1) = 1`,
    `7 openat(AT_FDCWD, ${path('checkpoint')}, O_WRONLY|O_DSYNC|O_CLOEXEC) = 31`,
    `7 pwrite64(31, ${hex('c')}, 1, 0) = 1`,
  ];
  const events = eventsOf(lines, files({ names: { 'a.segment': 1, checkpoint: 2 }, descriptors: { 20: {} } })).filter(
    ({ kind }) => kind !== 'returned',
  );
  t.deepEqual(events, [
    { kind: 'create', call: 1, name: 'checkpoint.new', file: 3 },
    { kind: 'rename', call: 2, from: 'checkpoint.new', to: 'checkpoint' },
    { kind: 'write', call: 3, file: 3, offset: 0, bytes: Buffer.from('a'), isSynced: false },
    { kind: 'write', call: 7, file: 3, offset: 0, bytes: Buffer.from('c'), isSynced: true },
  ]);
});

test('a sync of a descriptor of the directory is recorded as a sync of the directory', (t) => {
  const lines = [
    `7 openat(AT_FDCWD, ${hex('/state/spool')}, O_RDONLY|O_CLOEXEC <unfinished ...>`,
    `7 <... openat resumed>) = 31`,
    '8 fsync(31) = 0',
  ];
  t.deepEqual(eventsOf(lines, files()), [
    { kind: 'sync', call: 2, file: 'directory' },
    { kind: 'returned', call: 2, result: 0 },
  ]);
});

test('files are emptied, truncated, preallocated and removed', (t) => {
  const lines = [
    `7 openat(AT_FDCWD, ${path('a.segment')}, O_RDWR|O_TRUNC) = 31`,
    '7 ftruncate(31, 4096) = 0',
    '7 fallocate(31, 0, 4096, 8192) = 0',
    `7 unlink(${path('a.segment')}) = 0`,
    `7 unlinkat(AT_FDCWD, ${path('a.segment')}, 0) = -1 ENOENT (No such file or directory)`,
  ];
  t.deepEqual(
    eventsOf(lines, files()).filter(({ kind }) => kind !== 'returned'),
    [
      { kind: 'truncate', call: 1, file: 1, sizeBytes: 0 },
      { kind: 'truncate', call: 2, file: 1, sizeBytes: 4096 },
      { kind: 'allocate', call: 3, file: 1, sizeBytes: 12_288 },
      { kind: 'unlink', call: 4, name: 'a.segment' },
      { kind: 'unlink', call: 5, name: 'a.segment' },
    ],
  );
});

test('the reserve and files elsewhere are not recorded', (t) => {
  const lines = [
    `7 openat(AT_FDCWD, ${path('reserve')}, O_WRONLY|O_CREAT, 0600) = 31`,
    `7 write(31, ${hex('x')}, 1) = 1`,
    `7 unlink(${hex('/state/other')}) = 0`,
    `7 unlink(${path('reserve')}) = 0`,
  ];
  t.deepEqual(eventsOf(lines, files()), []);
});

const refused = [
  ['a string that strace has truncated', `7 pwrite64(20, ${hex('ab')}..., 9, 0) = 9`, /has cut/],
  [
    'a shared map for writing',
    '7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 20, 0) = 0x7f0000000000',
    /not recorded: mmap/,
  ],
  ['a copy into a file', '7 copy_file_range(9, NULL, 20, NULL, 4096, 0) = 4096', /not recorded: copy_file_range/],
  [
    'a hole in a file',
    '7 fallocate(20, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 4096) = 0',
    /not recorded: fallocate/,
  ],
  ['a file with two names', `7 link(${path('a.segment')}, ${path('b')}) = 0`, /not recorded: link/],
  [
    'a file without a name',
    `7 openat(AT_FDCWD, ${hex('/state/spool')}, O_RDWR|O_TMPFILE, 0600) = 31`,
    /not recorded: openat/,
  ],
  [
    'a name that leaves the directory',
    `7 rename(${path('a.segment')}, ${hex('/state/elsewhere')}) = 0`,
    /not recorded: rename/,
  ],
  ['a file in a directory of the directory', `7 unlink(${path('b/c')}) = 0`, /is not recorded/],
] as const;

for (const [what, line, message] of refused) {
  test(`an event that cannot be recorded is an error: ${what}`, (t) => {
    t.throws(() => eventsOf([line], files()), { message });
  });
}

test('read-only and private maps are not events', (t) => {
  const lines = [
    '7 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 20, 0) = 0x7f0000000000',
    '7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE, 20, 0) = 0x7f0000000000',
  ];
  t.deepEqual(eventsOf(lines, files()), []);
});

const push = (timestamp: string): string => `POST / HTTP/1.1\r\n\r\n{"Summary":{"Timestamp":"${timestamp}"}}`;
const [first, second] = ['20240101000000001', '20240101000000002'];

test('a run counts as acknowledged from the start of its 200, and not by any other answer', (t) => {
  const lines = [
    `7 read(40,  <unfinished ...>`,
    `8 pwrite64(20, ${hex('a')}, 1, 0) = 1`,
    `7 <... read resumed>${hex(push(first))}, 65536) = 80`,
    `7 read(41, ${hex(push(second))}, 65536) = 80`,
    `7 writev(41, [{iov_base=${hex('HTTP/1.1 503 Service Unavailable\r\n\r\n')}, iov_len=36}], 1) = 36`,
    `7 write(40, ${hex('HTTP/1.1 200 OK\r\n\r\n')}, 19 <unfinished ...>`,
  ];
  const events = eventsOf(lines, files());
  t.deepEqual(events.slice(-1), [{ kind: 'answered', timestamp: first }]);
  t.is(events.length, 3);
});

test('answers come in the order of the pushes, and a timestamp may arrive in two parts', (t) => {
  const text = push(first) + push(second);
  const lines = [
    `7 read(40, ${hex(text.slice(0, 60))}, 65536) = 60`,
    `7 read(40, ${hex(text.slice(60))}, 65536) = 80`,
    `7 write(40, ${hex('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 503 Service Unavailable\r\n\r\n')}, 55) = 55`,
    `7 read(41, ${hex(push(second))}, 65536) = 80`,
    '7 close(41) = 0',
    `7 write(41, ${hex('HTTP/1.1 200 OK\r\n\r\n')}, 19) = 19`,
  ];
  t.deepEqual(eventsOf(lines, files()), [{ kind: 'answered', timestamp: first }]);
});
