// A large former store goes through in little memory, however slowly it is taken.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { attached, filledStore, recordsOfThree } from './attached.ts';

const records = 200_000;
const megabyte = 2 ** 20;

/** What a process holds itself, without the files that it maps; in MB. */
function heldMegabytes(pid: number): number {
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

test('200,000 records are read in memory that does not grow', async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, records) });
  const store = await attached(t, directory);
  const ofReader: number[] = [];
  const own: number[] = [];
  let expected = 1;
  for await (const record of store.records(1, records)) {
    if (record.sequence !== expected || 'damaged' in record)
      return t.fail(`found ${JSON.stringify(record)}, expected ${expected}`);
    if (expected % 10_000 === 0) {
      ofReader.push(heldMegabytes(store.pid as number));
      own.push(process.memoryUsage().heapUsed / megabyte);
    }
    expected += 1;
  }
  t.is(expected, records + 1);
  t.log(
    `MB held, from the first tenth on: the reader ${Math.round(ofReader[1] as number)}, at most ${Math.round(Math.max(...ofReader))}; here ${Math.round(own[1] as number)}, at most ${Math.round(Math.max(...own))}`,
  );
  t.true(Math.max(...ofReader) < (ofReader[1] as number) + 40);
  t.true(Math.max(...own) < (own[1] as number) + 40);
});

/** How much a process has written, ever. */
function writtenMegabytes(pid: number): number {
  return Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]) / megabyte;
}

test('of a stretch that nobody goes on with, no more is read than two answers', async (t) => {
  const store = await attached(t, await filledStore(t, { records: recordsOfThree(1, 20_000) }));
  const slow = store.records(1, 20_000)[Symbol.asyncIterator]();
  t.is((await slow.next()).value?.sequence, 1);
  for await (const record of store.records(20_000, 20_000)) t.is(record.sequence, 20_000);
  t.true(writtenMegabytes(store.pid as number) < 0.25);
  let last = 1;
  for (let next = await slow.next(); next.done !== true; next = await slow.next()) last = next.value.sequence;
  t.is(last, 20_000);
  t.true(writtenMegabytes(store.pid as number) > 2);
});
