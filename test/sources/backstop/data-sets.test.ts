// The data sets that PUTVAL lines are read by.

import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataSetsOf, readDataSets, usualDataSets } from '../../../src/sources/backstop/collectd/data-sets.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';

test("collectd's own types are known, with their data sources", (t) => {
  const usual = usualDataSets();
  t.true(usual.size > 350, String(usual.size));
  t.deepEqual(usual.get('if_octets'), [
    { name: 'rx', kind: 'derive' },
    { name: 'tx', kind: 'derive' },
  ]);
  t.deepEqual(usual.get('memory'), [{ name: 'value', kind: 'gauge' }]);
  t.deepEqual(usual.get('counter'), [{ name: 'value', kind: 'counter' }]);
});

test('a types.db is read with its comments, commas and spaces, and counts for more', async (t) => {
  const path = join(await temporaryDirectory(t), 'types.db');
  await writeFile(path, '# mine\n\nmemory  used:GAUGE:0:U, free:gauge:0:U\nib_octets rx:DERIVE:0:U tx:DERIVE:0:U\n');
  const sets = await readDataSets(path);
  t.deepEqual(sets.get('memory'), [
    { name: 'used', kind: 'gauge' },
    { name: 'free', kind: 'gauge' },
  ]);
  t.is(sets.get('load')?.length, 3);
});

test('a line that is none is named', (t) => {
  t.throws(() => dataSetsOf('a v:GAUGE:0:U\nb v:FLOAT:0:1'), {
    message: 'line 2: expected name:GAUGE|DERIVE|COUNTER|ABSOLUTE:min:max, found v:FLOAT:0:1',
  });
});
