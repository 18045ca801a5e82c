// Samples of malformed bodies: each content once, in a ring, without affecting deliveries.

import test, { type ExecutionContext } from 'ava';
import { write as writeToFile } from 'node:fs';
import { wholeInput } from '../../../src/spool/dead-letters/letters.ts';
import { samplesOf } from '../../../src/spool/dead-letters/dead-letters.ts';
import type { WriteFunction } from '../../../src/spool/log/segment-log.ts';
import { openStore } from '../../../src/spool/open-store.ts';
import type { Store } from '../../../src/spool/store.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { until } from '../../fakes/until.ts';
import { movableClock } from '../../fakes/time.ts';

async function samplesIn(
  t: ExecutionContext,
  { maxBytes, hasRoom = () => true }: { maxBytes?: number; hasRoom?: () => boolean } = {},
) {
  const clock = movableClock();
  const directory = await temporaryDirectory(t);
  let write: WriteFunction = writeToFile;
  const opened = (): Store =>
    openStore({ directory, clock, maxBytes: 1 << 26, dedupMaxBytes: 1 << 20, write: (...given) => write(...given) });
  let store = opened();
  t.teardown(() => store.close());
  return {
    clock,
    samples: samplesOf(store, hasRoom, maxBytes),
    fail: () => void (write = (_file, _bytes, _from, _length, _at, done) => done(new Error('EIO'), 0)),
    async reopened() {
      await store.close();
      store = opened();
      return samplesOf(store, hasRoom, maxBytes);
    },
  };
}

const malformed = (body: string | Buffer, reason = 'body: no push') => ({
  body: Buffer.from(body),
  reason,
  from: '203.0.113.9',
});

test('above the bound, the samples last seen longest ago are deleted', async (t) => {
  const { samples, clock } = await samplesIn(t, { maxBytes: 1000 });
  const take = async (letter: string): Promise<void> => {
    const { length } = samples
      .after(undefined)
      .filter(({ raw, lastAtMs }) => raw[0] === letter && lastAtMs === clock.now());
    t.is(length, 0);
    samples.take(malformed(letter.repeat(150)));
    await until(() =>
      samples.after(undefined).some(({ raw, lastAtMs }) => raw[0] === letter && lastAtMs === clock.now()),
    );
    await clock.advance(1000);
  };
  for (const letter of ['a', 'b', 'c', 'a', 'd']) await take(letter);
  t.deepEqual(
    samples.after(undefined).map(({ raw }) => raw[0]),
    ['c', 'a', 'd'],
  );
  t.true(samples.bytes() <= 1000);
});

test('a flood is limited to a burst and a rate', async (t) => {
  const { samples, clock } = await samplesIn(t);
  const flood = async (first: number): Promise<void> => {
    for (let number = first; number < first + 500; number += 1) samples.take(malformed(`garbage ${number}`));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  };
  await flood(0);
  t.is(samples.count(), 20);
  await clock.advance(1000);
  await flood(500);
  t.is(samples.count(), 30);
});

test('a large body is truncated, and marked so; a body that is not text is stored as bytes', async (t) => {
  const { samples } = await samplesIn(t);
  samples.take(malformed(`${'x'.repeat(16_383)}éé`));
  await until(() => samples.count() === 1);
  const [cut] = samples.after(undefined);
  t.is(cut?.raw, 'x'.repeat(16_383));
  t.is(wholeInput(cut as NonNullable<typeof cut>), undefined);
  const bytes = Buffer.from([0xff, 0xfe, 0x7b, 0x00]);
  samples.take(malformed(bytes));
  await until(() => samples.count() === 2);
  const binary = samples.after(undefined).find(({ encoding }) => encoding === 'base64');
  t.deepEqual(wholeInput(binary as NonNullable<typeof binary>), bytes);
});

test('without space no sample is kept, and a failed write does not throw', async (t) => {
  let hasRoom = false;
  const { samples, fail } = await samplesIn(t, { hasRoom: () => hasRoom });
  samples.take(malformed('a'));
  t.is(samples.count(), 0);
  hasRoom = true;
  fail();
  t.notThrows(() => samples.take(malformed('b')));
  await new Promise((resolve) => setImmediate(resolve));
  t.notThrows(() => samples.take(malformed('c')));
});
