// The run key table behaves like a Map when runs are added, removed and forgotten.

import test from 'ava';
import fc from 'fast-check';
import type { StoredRunKey } from '../../../src/spool/log/format.ts';
import { type RunLookup, RunKeyTable } from '../../../src/spool/dedup/run-key-table.ts';

/** A few keys with colliding slots, in two shards. */
const runs = fc.record({
  lo: fc.constantFrom(0, 1, 16, 17, 32, 0x8000_0000, 0xffff_ffff),
  hi: fc.constantFrom(0x0100_0000, 0x0100_0001, 0xff00_0000),
  digest: fc.constantFrom(1, 2, 0xffff_ffff),
});
const steps = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('add' as const), run: runs, age: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('remove' as const), run: runs, age: fc.constant(0) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('look' as const), run: runs, age: fc.constant(0) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('forget' as const), run: runs, age: fc.integer({ min: 0, max: 2 }) }),
  },
);

function modelTable(oldest: number) {
  const known = new Map<string, Map<number, number>>();
  const of = ({ lo, hi }: StoredRunKey): Map<number, number> =>
    known.get(`${lo} ${hi}`) ?? (known.set(`${lo} ${hi}`, new Map()).get(`${lo} ${hi}`) as Map<number, number>);
  let bound = oldest;
  return {
    add(run: StoredRunKey, generation: number) {
      const all = of(run);
      for (const [digest, former] of all) all.set(digest, Math.max(former, generation));
      if (!all.has(run.digest)) all.set(run.digest, generation);
    },
    remove: (run: StoredRunKey) => void of(run).delete(run.digest),
    forgetBefore(generation: number) {
      bound = Math.max(bound, generation);
      for (const all of known.values()) for (const [digest, former] of all) if (former < bound) all.delete(digest);
    },
    look: (run: StoredRunKey): RunLookup =>
      of(run).has(run.digest) ? 'duplicate' : of(run).size > 0 ? 'conflict' : 'new',
    oldest: () => bound,
  };
}

test('the table behaves like a Map', (t) => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 300 }), (script) => {
      const [table, model] = [new RunKeyTable(100), modelTable(100)];
      for (const { what, run, age } of script) {
        const generation = model.oldest() + 3 - age;
        if (what === 'forget') for (const each of [table, model]) each.forgetBefore(model.oldest() + age);
        else if (what === 'remove') for (const each of [table, model]) each.remove(run);
        else if (what === 'add') for (const each of [table, model]) each.add(run, generation);
        if (table.look(run) !== model.look(run)) return false;
      }
      return table.oldest() === model.oldest();
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('of a run with ever new contents the last eight are remembered', (t) => {
  const table = new RunKeyTable(1);
  const content = (digest: number): StoredRunKey => ({ lo: 7, hi: 9, digest });
  for (let digest = 1; digest <= 1_000; digest += 1) table.add(content(digest), 2);
  table.add(content(5_000), 1);
  t.is(table.count(), 8);
  const looked = [992, 993, 1_000, 5_000].map((digest) => table.look(content(digest)));
  t.deepEqual(looked, ['conflict', 'duplicate', 'duplicate', 'conflict']);
  table.add(content(1_001), 3);
  t.is(table.look(content(993)), 'conflict');
  table.forgetBefore(3);
  t.is(table.look(content(1_001)), 'duplicate');
});

test('a hundred thousand runs are distinguished, and forgotten ones free their memory', (t) => {
  const table = new RunKeyTable(1);
  const run = (index: number): StoredRunKey => ({
    lo: Math.imul(index, 0x9e37_79b1) >>> 0,
    hi: Math.imul(index, 0x85eb_ca6b) >>> 0 || 1,
    digest: index,
  });
  for (let index = 0; index < 100_000; index += 1) table.add(run(index), 1 + (index & 1));
  t.is(table.count(), 100_000);
  for (let index = 0; index < 100_000; index += 997)
    t.deepEqual(
      [table.look(run(index)), table.look({ ...run(index), digest: 100_001 }), table.look(run(index + 100_000))],
      ['duplicate', 'conflict', 'new'],
    );
  const bytes = table.bytes();
  table.forgetBefore(2);
  t.is(table.look(run(4)), 'new');
  t.is(table.look(run(5)), 'duplicate');
  for (let index = 0; index < 100_000; index += 1) table.look(run(index));
  t.is(table.count(), 50_000);
  t.true(table.bytes() < bytes, `${table.bytes()} of ${bytes}`);
});
