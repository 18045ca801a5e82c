// The changes of a listing are counted, and missing nodes stay in the directory for a week.

import test from 'ava';
import { directoryChanges, retirementMs, withRetired } from '../../../../src/sources/catchpoint/nodes/changes.ts';
import type { Node } from '../../../../src/sources/catchpoint/nodes/node.ts';

const before: readonly Node[] = [
  { id: 1, name: 'one', asn: 1, isp: 'a', active: true },
  { id: 2, name: 'two', asn: 2, isp: 'b', active: true },
  { id: 3, name: 'three', asn: 3, isp: 'c', active: false },
];

test('a missing node stays for seven days, marked with the time', (t) => {
  const first = withRetired(before.slice(0, 2), before, 1000);
  t.deepEqual(first[2], { id: 3, name: 'three', asn: 3, isp: 'c', active: false, retiredAtMs: 1000 });
  const later = withRetired(before.slice(0, 2), first, 1000 + retirementMs - 1);
  t.is(later[2]?.retiredAtMs, 1000);
  t.is(withRetired(before.slice(0, 2), later, 1000 + retirementMs).length, 2);
});

test('a node that returns has the fields of the listing', (t) => {
  const retired = withRetired([], before, 1000);
  t.deepEqual(withRetired(before, retired, 2000), before);
  t.like(directoryChanges(retired, before), { added: 3, removed: 0 });
});

test('counts new, removed, renamed and moved nodes', (t) => {
  const listed: Node[] = [
    { id: 1, name: 'uno', asn: 11, isp: 'a', active: true },
    { id: 2, name: 'two', asn: 2, active: true },
    { id: 4, name: 'four', active: true },
  ];
  const after = withRetired(listed, before, 5);
  t.deepEqual(directoryChanges(before, after), {
    added: 1,
    removed: 1,
    renamed: 1,
    movedAsn: 1,
    movedIsp: 1,
    total: 3,
  });
  t.deepEqual(directoryChanges(after, after), { added: 0, removed: 0, renamed: 0, movedAsn: 0, movedIsp: 0, total: 3 });
});
