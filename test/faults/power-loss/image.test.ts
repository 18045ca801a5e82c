// The sparse image of a file equals a plain buffer.

import test from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../../../src/simulator/seeded.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { emptyImage, readImage } from './image.ts';

test('writes and changes of size have the same result as on a buffer, and do not change a copy', (t) => {
  const random = seeded(7);
  const image = emptyImage();
  let plain = Buffer.alloc(0);
  for (let step = 0; step < 300; step += 1) {
    const bytes = Buffer.alloc(Math.floor(random() * 9_000), 1 + (step % 200));
    const offset = Math.floor(random() * 40_000);
    const sizeBytes = step % 5 === 4 ? offset : Math.max(plain.length, offset + bytes.length);
    const [copy, was] = [image.copy(), plain];
    if (step % 5 === 4) image.resize(sizeBytes);
    else image.write(offset, bytes);
    plain = Buffer.concat([plain.subarray(0, sizeBytes), Buffer.alloc(Math.max(0, sizeBytes - plain.length))]);
    if (step % 5 !== 4) bytes.copy(plain, offset);
    t.true(image.whole().equals(plain), `step ${step}`);
    t.true(copy.whole().equals(was), `the copy of step ${step}`);
  }
});

test('a file is the same after it is read and saved', async (t) => {
  const directory = await temporaryDirectory(t);
  const [path, again] = [join(directory, 'a'), join(directory, 'b')];
  writeFileSync(path, Buffer.concat([Buffer.from('begin'), Buffer.alloc(3_000_000), Buffer.from('end')]));
  const image = readImage(path);
  t.is(image.parts.size, 2);
  image.save(again);
  t.true(readFileSync(path).equals(readFileSync(again)));
  t.true(image.isSameAs(readImage(again)));
  image.write(1_000_000, Buffer.from('x'));
  t.false(image.isSameAs(readImage(again)));
});
