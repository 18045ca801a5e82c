// Damaged archives are read as far as possible, and the damage is reported.

import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { linesOfFile, linesOfStream, type Reading } from '../../../../src/sources/catchpoint/archive/archived-lines.ts';
import { gzipMember } from '../../../../src/sources/catchpoint/archive/gzip-members.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';

interface ReadBack {
  readonly lines: string[];
  readonly damages: string[];
  readonly at: number;
}

async function readBack(read: (reading: Reading) => AsyncIterable<string>): Promise<ReadBack> {
  const lines: string[] = [];
  const damages: string[] = [];
  let at = 0;
  for await (const line of read({ damaged: (words) => void damages.push(words), at: (bytes) => void (at = bytes) }))
    lines.push(line);
  return { lines, damages, at };
}

async function fileRead(t: ExecutionContext, bytes: Buffer): Promise<ReadBack> {
  const path = join(await temporaryDirectory(t), 'file');
  await writeFile(path, bytes);
  return readBack((reading) => linesOfFile(path, reading));
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const text = (name: string): string =>
  Array.from({ length: 100 }, (_, line) => `${name} ${line} ${Math.sin(line)}\n`).join('');
const linesOf = (...names: string[]): string[] => names.flatMap((name) => text(name).trim().split('\n'));
const three = async (): Promise<Buffer[]> =>
  Promise.all(['a', 'b', 'c'].map((name) => gzipMember(Buffer.from(text(name)))));

for (const [what, bytes] of [
  ['an archive', async () => Buffer.concat(await three())],
  ['foreign gzip', async () => gzipSync(text('a') + text('b') + text('c'))],
  ['foreign gzip in several members', async () => Buffer.concat(['a', 'b', 'c'].map((name) => gzipSync(text(name))))],
  [
    'foreign gzip followed by an archive',
    async () => Buffer.concat([gzipSync(text('a')), ...(await three()).slice(1)]),
  ],
  ['plain text', async () => Buffer.from(text('a') + text('b') + text('c'))],
  ['plain text without a last line end', async () => Buffer.from((text('a') + text('b') + text('c')).trimEnd())],
] as const) {
  test(`reads ${what} to its end, as a file and as a stream`, async (t) => {
    const given = await bytes();
    const expected = { lines: linesOf('a', 'b', 'c'), damages: [], at: given.length };
    t.deepEqual(await fileRead(t, given), expected);
    for (const size of [7, 100_000])
      t.deepEqual(await readBack((reading) => linesOfStream(pieces(given, size), reading)), expected);
  });
}

test('an empty file or stream is not damaged', async (t) => {
  t.deepEqual(await fileRead(t, Buffer.alloc(0)), { lines: [], damages: [], at: 0 });
  t.deepEqual(await readBack((reading) => linesOfStream(pieces(Buffer.alloc(0), 1), reading)), {
    lines: [],
    damages: [],
    at: 0,
  });
});

test('a cut archive gives all whole lines before the cut', async (t) => {
  const members = await three();
  const whole = Buffer.concat(members);
  const before = (members[0] as Buffer).length + (members[1] as Buffer).length;
  for (const cut of [before + 1, before + 19, before + 21, before + 600, whole.length - 1]) {
    const { lines, damages } = await fileRead(t, whole.subarray(0, cut));
    t.true(lines.length >= 200);
    t.deepEqual(lines, linesOf('a', 'b', 'c').slice(0, lines.length), 'each line is a whole one');
    t.is(damages.length, 1);
    t.regex(
      damages[0] ?? '',
      new RegExp(`^${cut - before} bytes at ${before}: ends too early; \\d+ lines of it are used$`),
    );
  }
  t.true((await fileRead(t, whole.subarray(0, whole.length - 1))).lines.length > 290, 'most of the torn part is used');
});

test('a damaged member is skipped, and its neighbours are read', async (t) => {
  const members = await three();
  const at = (members[0] as Buffer).length;
  for (const offset of [25, 300, (members[1] as Buffer).length - 6]) {
    const whole = Buffer.concat(members);
    whole[at + offset] = (whole[at + offset] as number) ^ 0x10;
    const { lines, damages } = await fileRead(t, whole);
    t.deepEqual(lines, linesOf('a', 'c'));
    t.is(damages.length, 1);
  }
});

test('a damaged header and foreign bytes are skipped', async (t) => {
  const [a, b, c] = (await three()) as [Buffer, Buffer, Buffer];
  for (const between of [Buffer.alloc(5000), Buffer.concat([Buffer.from([0]), b.subarray(1)])]) {
    const { lines, damages } = await fileRead(t, Buffer.concat([a, between, c]));
    t.deepEqual(lines, linesOf('a', 'c'));
    t.deepEqual(damages, [`${between.length} bytes at ${a.length}: no archive; left out`]);
  }
  const firstGone = await fileRead(t, Buffer.concat([Buffer.alloc(100_000), b, c]));
  t.deepEqual(firstGone.lines, linesOf('b', 'c'));
});

test('a cut stream gives its whole lines, and the damage is reported', async (t) => {
  const whole = gzipSync(text('a'));
  const { lines, damages } = await readBack((reading) => linesOfStream(pieces(whole.subarray(0, -20), 64), reading));
  t.true(lines.length > 80);
  t.deepEqual(lines, linesOf('a').slice(0, lines.length));
  t.deepEqual(damages, ['cannot be read further: unexpected end of file']);
});

test("a missing file throws the system's error", async (t) => {
  await t.throwsAsync(
    readBack((reading) => linesOfFile('/nowhere/file', reading)),
    { code: 'ENOENT' },
  );
});
