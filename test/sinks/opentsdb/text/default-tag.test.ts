// Points whose metric says everything, on their way to OpenTSDB: a tag and legal letters, and the verdict on the points as they came.

import test from 'ava';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataPoint } from '../../../../src/model/point.ts';
import { fileSink } from '../../../../src/sinks/file.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { points } from '../../../fakes/points.ts';
import { asLine } from '../../contract.ts';
import { forever, httpBench } from '../http/sink-under-test.ts';

const path: DataPoint = {
  metric: 'github.api.refs.heads.main.a+b-c.f00',
  timestamp: 1794994452,
  unit: 's',
  value: '1',
  tags: {},
};

test('a point without tags is put with one, in legal letters; others are as they were', async (t) => {
  const { tsd, sink } = await httpBench(t);
  t.deepEqual(await sink.write([path, ...points(1)], forever), { rejected: [], kept: [] });
  t.deepEqual(tsd.points().map(asLine), [
    'github.api.refs.heads.main.a_b-c.f00 1794994452 1 source=bridge',
    ...points(1).map(asLine),
  ]);
});

test('the verdict is on the point as it came', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const wrong = { ...path, value: 'NaN' };
  const stubborn = { ...path, metric: 'stubborn' };
  tsd.store(({ metric }) => (metric === 'stubborn' ? { failed: 'Please throttle' } : 'stored'));
  const { rejected, kept } = await sink.write([path, wrong, stubborn], forever);
  t.is(rejected[0]?.point, wrong);
  t.is(kept[0]?.point, stubborn);
});

test('file mode writes it in the same form', async (t) => {
  const file = join(await temporaryDirectory(t), 'points.put');
  const sink = fileSink({ path: file, format: 'import' });
  t.teardown(() => sink.close());
  await sink.write([path], forever);
  t.is(await readFile(file, 'utf8'), 'github.api.refs.heads.main.a_b-c.f00 1794994452 1 source=bridge\n');
});
