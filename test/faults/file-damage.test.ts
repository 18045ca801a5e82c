// Every kind of damage changes one file, within its written part.

import test from 'ava';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../../src/simulator/seeded.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { damageFile, kindsOfDamage } from './file-damage.ts';

const written = Buffer.from(Array.from({ length: 3_000 }, (_, at) => 1 + ((at * at) % 254)));
const laidOut = Buffer.concat([written, Buffer.alloc(9_000)]);

test('each damage changes one of the given files within its written part, and every kind occurs', async (t) => {
  const root = await temporaryDirectory(t);
  const random = seeded(3);
  const kinds = new Set<string>();
  for (let round = 0; round < 120; round += 1) {
    const directory = join(root, String(round));
    mkdirSync(directory);
    for (const name of ['1.segment', '2.segment', 'reserve']) writeFileSync(join(directory, name), laidOut);
    writeFileSync(join(directory, '3.segment'), Buffer.alloc(9_000));
    const { kind, where } = damageFile(directory, /\.segment$/, random);
    kinds.add(kind);
    const hit = where.split(',')[0] as string;
    const now = existsSync(join(directory, hit)) ? readFileSync(join(directory, hit)) : undefined;
    for (const name of ['1.segment', '2.segment', 'reserve']) {
      const isWhole =
        name === hit ? (now?.equals(laidOut) ?? false) : !readFileSync(join(directory, name)).equals(laidOut);
      t.false(isWhole && kind !== 'a sector replaced by another', `${kind}: ${where}: ${name}`);
    }
    t.true(Number(/byte (\d+)$/.exec(where)?.[1]) < written.length, where);
    t.regex(hit, /^[12]\.segment$/);
  }
  t.deepEqual([...kinds].toSorted(), kindsOfDamage.toSorted());
});

test('damage to empty files is an error', async (t) => {
  const directory = await temporaryDirectory(t);
  writeFileSync(join(directory, '1.segment'), Buffer.alloc(9_000));
  t.throws(() => damageFile(directory, /\.segment$/, seeded(1)), { message: /nothing to damage/ });
});
