// Parsing collectd's data sets.

import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDataSets, readDataSets, defaultDataSets } from '../../../src/sources/backstop/collectd/data-sets.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';

test("collectd's types are built in, with their data sources", (t) => {
  const dataSets = defaultDataSets();
  t.true(dataSets.size > 350, String(dataSets.size));
  t.deepEqual(dataSets.get('if_octets'), [
    { name: 'rx', kind: 'derive' },
    { name: 'tx', kind: 'derive' },
  ]);
  t.deepEqual(dataSets.get('memory'), [{ name: 'value', kind: 'gauge' }]);
  t.deepEqual(dataSets.get('counter'), [{ name: 'value', kind: 'counter' }]);
});

test('a types.db may have comments, commas and spaces, and overrides the built-in types', async (t) => {
  const path = join(await temporaryDirectory(t), 'types.db');
  await writeFile(path, '# mine\n\nmemory  used:GAUGE:0:U, free:gauge:0:U\nib_octets rx:DERIVE:0:U tx:DERIVE:0:U\n');
  const sets = await readDataSets(path);
  t.deepEqual(sets.get('memory'), [
    { name: 'used', kind: 'gauge' },
    { name: 'free', kind: 'gauge' },
  ]);
  t.is(sets.get('load')?.length, 3);
});

test('the error for an invalid line names it', (t) => {
  t.throws(() => parseDataSets('a v:GAUGE:0:U\nb v:FLOAT:0:1'), {
    message: 'line 2: expected name:GAUGE|DERIVE|COUNTER|ABSOLUTE:min:max, found v:FLOAT:0:1',
  });
});
