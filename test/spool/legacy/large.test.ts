// A large legacy store is read in constant memory, however slowly it is consumed.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { filledStore, openedStore, recordsOfThree } from './legacy-stores.ts';

const records = 200_000;
const megabyte = 2 ** 20;

/** The memory of a process without mapped files. */
function anonymousMegabytes(pid: number): number {
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

test('200,000 records are read in constant memory', async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, records) });
  const store = await openedStore(t, directory);
  const inReader: number[] = [];
  const here: number[] = [];
  let expected = 1;
  for await (const record of store.records(1, records)) {
    if (record.sequence !== expected || 'damaged' in record)
      return t.fail(`found ${JSON.stringify(record)}, expected ${expected}`);
    if (expected % 10_000 === 0) {
      inReader.push(anonymousMegabytes(store.pid as number));
      here.push(process.memoryUsage().heapUsed / megabyte);
    }
    expected += 1;
  }
  t.is(expected, records + 1);
  t.log(
    `MB after the first tenth: the reader process ${Math.round(inReader[1] as number)}, at most ${Math.round(Math.max(...inReader))}; here ${Math.round(here[1] as number)}, at most ${Math.round(Math.max(...here))}`,
  );
  t.true(Math.max(...inReader) < (inReader[1] as number) + 40);
  t.true(Math.max(...here) < (here[1] as number) + 40);
});

function writtenMegabytes(pid: number): number {
  return Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]) / megabyte;
}

test('a range that is not consumed is read ahead by two responses at most', async (t) => {
  const store = await openedStore(t, await filledStore(t, { records: recordsOfThree(1, 20_000) }));
  const slow = store.records(1, 20_000)[Symbol.asyncIterator]();
  t.is((await slow.next()).value?.sequence, 1);
  for await (const record of store.records(20_000, 20_000)) t.is(record.sequence, 20_000);
  t.true(writtenMegabytes(store.pid as number) < 0.25);
  let last = 1;
  for (let next = await slow.next(); next.done !== true; next = await slow.next()) last = next.value.sequence;
  t.is(last, 20_000);
  t.true(writtenMegabytes(store.pid as number) > 2);
});
