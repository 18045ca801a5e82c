// The letter table behaves like a Map in insertion order, also after a dump and load.

import test from 'ava';
import fc from 'fast-check';
import { type LetterEntry, LetterTable } from '../../../src/spool/dead-letters/table.ts';
import { integers } from '../small-spool.ts';

/** Ids with colliding slots, which the middle eight digits determine. */
const ids = fc
  .tuple(
    fc.constantFrom('00000000', 'ffffffff', '80000001'),
    fc.constantFrom('00000000', '00000001', '00000080', 'ffffff80', 'ffffffff'),
    fc.constantFrom('0000', 'ffff', '8000'),
  )
  .map((parts) => parts.join(''));
const entries = fc.record({
  id: ids,
  segment: fc.integer({ min: 1, max: 2 ** 40 }),
  at: fc.nat(),
  part: fc.nat(200),
  bytes: fc.nat(100_000),
  times: fc.integer({ min: 1, max: 2 ** 40 }),
  firstAtMs: fc.nat(2 ** 45),
  lastAtMs: fc.nat(2 ** 45),
});
const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('set' as const), entry: entries }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('delete' as const), entry: entries }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('dump' as const), entry: entries }) },
);

function plain(entry: (LetterEntry & { readonly order: number }) | undefined): LetterEntry | undefined {
  if (entry === undefined) return undefined;
  const { order, ...rest } = entry;
  return order > 0 ? rest : undefined;
}

function isSame(table: LetterTable, model: ReadonlyMap<string, LetterEntry>): boolean {
  const bytes = [...model.values()].reduce((sum, entry) => sum + entry.bytes, 0);
  const found = [...table.after(0)].map(plain);
  return (
    table.count() === model.size &&
    table.bytes() === bytes &&
    JSON.stringify(found) === JSON.stringify([...model.values()])
  );
}

test('the table behaves like a Map in insertion order', (t) => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 300 }), (script) => {
      let table = new LetterTable();
      const model = new Map<string, LetterEntry>();
      for (const { what, entry } of script) {
        if (what === 'dump') {
          table = new LetterTable(table.dump());
          if (!isSame(table, model)) return false;
        } else if (what === 'delete') {
          table.delete(entry.id);
          model.delete(entry.id);
        } else {
          table.set(entry);
          model.set(entry.id, entry);
        }
        if (JSON.stringify(plain(table.get(entry.id))) !== JSON.stringify(model.get(entry.id))) return false;
      }
      return isSame(table, model);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

const entry = (number: number): LetterEntry => ({
  id: number.toString(16).padStart(20, '0'),
  segment: 1,
  at: number,
  part: 0,
  bytes: 10,
  times: 1,
  firstAtMs: 1,
  lastAtMs: 1,
});

test('reading in turns continues after the last letter, while letters are deleted and added', (t) => {
  const table = new LetterTable();
  for (let number = 1; number <= 5000; number += 1) table.set(entry(number));
  const seen: number[] = [];
  let last = 0;
  for (let turn = [...table.after(0)].slice(0, 100); turn.length > 0; turn = [...table.after(last)].slice(0, 100)) {
    for (const { id, order, at } of turn) {
      seen.push(at);
      last = order;
      table.delete(id);
    }
    if (seen.length === 3000) for (let number = 5001; number <= 5050; number += 1) table.set(entry(number));
  }
  t.deepEqual(seen, integers(1, 5050));
  t.is(table.count(), 0);
});

test('an iteration over a table that is being emptied yields each letter once', (t) => {
  const table = new LetterTable();
  for (let number = 1; number <= 5000; number += 1) table.set(entry(number));
  const seen: number[] = [];
  for (const { id, at } of table.after(0)) {
    seen.push(at);
    table.delete(id);
  }
  t.deepEqual(seen, integers(1, 5000));
});
