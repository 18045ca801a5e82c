// Points without tags get a tag and a legal metric for OpenTSDB; the verdict names the original points.

import test from 'ava';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataPoint } from '../../../../src/model/point.ts';
import { allAccepted } from '../../../../src/model/sink.ts';
import { fileSink } from '../../../../src/sinks/file.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { points } from '../../../fakes/points.ts';
import { asLine, forever } from '../../contract.ts';
import { httpFixture } from '../http/http-fixture.ts';

const path: DataPoint = {
  metric: 'github.api.refs.heads.main.a+b-c.f00',
  timestamp: 1794994452,
  unit: 's',
  value: '1',
  tags: {},
};

test('a point without tags is put with a tag and a legal metric, and others are unchanged', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  t.deepEqual(await sink.write([path, ...points(1)], forever), allAccepted);
  t.deepEqual(tsd.points().map(asLine), [
    'github.api.refs.heads.main.a_b-c.f00 1794994452 1 source=bridge',
    ...points(1).map(asLine),
  ]);
});

test('the verdict names the original point', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const illegal = { ...path, value: 'NaN' };
  const failing = { ...path, metric: 'failing' };
  tsd.store(({ metric }) => (metric === 'failing' ? { failed: 'Please throttle' } : 'stored'));
  const { rejected, kept } = await sink.write([path, illegal, failing], forever);
  t.is(rejected[0]?.point, illegal);
  t.is(kept[0]?.point, failing);
});

test('file mode writes it with the same tag and metric', async (t) => {
  const file = join(await temporaryDirectory(t), 'points.put');
  const sink = fileSink({ path: file, format: 'import' });
  t.teardown(() => sink.close());
  await sink.write([path], forever);
  t.is(await readFile(file, 'utf8'), 'github.api.refs.heads.main.a_b-c.f00 1794994452 1 source=bridge\n');
});
