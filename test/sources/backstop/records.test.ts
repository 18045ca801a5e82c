// Published metrics with ids: elements of the same id are one delivery, which is stored once.

import test from 'ava';
import { SpoolFull } from '../../../src/spool/spool-full.ts';
import { backstopBench } from './bench.ts';
import { deduplicated } from './deduplicated.ts';

const element = (metric: string, id?: unknown, more: object = {}): object => ({
  metric,
  value: 1,
  measure_time: 1700000000,
  ...(id !== undefined && { id }),
  ...more,
});
const body = (...elements: readonly object[]): string => JSON.stringify(elements);

test('elements of the same id are one delivery, with a run key of prefix and id', async (t) => {
  const { post, delivered } = await backstopBench(t, { prefixes: ['test', 'other'] });
  const answer = await post('/publish/test', body(element('a', 'i1'), element('b', 'i2'), element('c', 'i1')));
  t.deepEqual([answer.status, await answer.json()], [200, { accepted: 3, rejected: 0, skipped: 0, errors: [] }]);
  await post('/publish/other', body(element('a', 'i1')));
  t.deepEqual(
    delivered.map(({ points, options }) => [points.map(({ metric }) => metric), options.run?.key]),
    [
      [['test.a', 'test.c'], 'publish|test|i1'],
      [['test.b'], 'publish|test|i2'],
      [['other.a'], 'publish|other|i1'],
    ],
  );
});

test('a bridge that sends tags is refused by legacy names, which would make one series of many, and nothing is stored', async (t) => {
  const { post, delivered } = await backstopBench(t, { naming: 'legacy' });
  const tagged = element('cpu', 'i1', { tags: { container: 'web' } });
  const answer = await post('/publish/test', body(element('mem', 'i1'), tagged));
  t.is(answer.status, 422);
  t.regex(
    await answer.text(),
    /expected names without tags, as --backstop-sink-names dotted sends them.*found tags of \\?"cpu/,
  );
  t.deepEqual(delivered, []);
  t.is((await post('/publish/test', body(element('cpu', 'i1', { tags: {} })))).status, 200, 'no tags');
  t.is((await post('/publish/test', body(element('cpu', undefined, { tags: { a: 'b' } })))).status, 200, 'no bridge');
});

test('a single object may have an id', async (t) => {
  const { post, delivered } = await backstopBench(t);
  await post('/publish/test', JSON.stringify(element('a', 'i1')));
  t.is(delivered[0]?.options.run?.key, 'publish|test|i1');
});

test('elements without an id are one delivery without a run key, after those that have one', async (t) => {
  const { post, delivered } = await backstopBench(t);
  await post('/publish/test', body(element('a'), element('b', 'i1'), element('c')));
  t.deepEqual(
    delivered.map(({ points, options }) => [points.map(({ metric }) => metric), options]),
    [
      [['test.b'], delivered[0]?.options],
      [['test.a', 'test.c'], {}],
    ],
  );
});

for (const [what, id] of [
  ['a number', 7],
  ['an object', { a: 'b' }],
  ['null', null],
  ['an empty text', ''],
  ['a text of 201 characters', 'x'.repeat(201)],
] as const) {
  test(`an id that is ${what} is ignored, as Backstop ignores it`, async (t) => {
    const { post, delivered } = await backstopBench(t);
    t.is((await post('/publish/test', body(element('a', id)))).status, 200);
    t.deepEqual(delivered[0]?.options, {});
  });
}

test('a record that is sent again counts once, and the answer has the number of its elements', async (t) => {
  const spool = deduplicated();
  const { post, source } = await backstopBench(t, {}, spool.deliver);
  const records = [element('a', 'i1'), element('b', 'i1'), element('c', 'i2')];
  await post('/publish/test', body(...records));
  const again = await post('/publish/test', body(...records.slice(0, 2), element('d', 'i3')));
  t.deepEqual(
    [again.status, await again.json()],
    [200, { accepted: 3, duplicates: 2, rejected: 0, skipped: 0, errors: [] }],
  );
  t.deepEqual(
    spool.stored().map(({ metric }) => metric),
    ['test.a', 'test.b', 'test.c', 'test.d'],
  );
  t.like(source.status(), { accepted: 4, duplicate: 0 });
  await post('/publish/test', body(...records));
  t.like(source.status(), { accepted: 4, duplicate: 1 });
});

test('an id that comes with other content is stored', async (t) => {
  const spool = deduplicated();
  const { post, source } = await backstopBench(t, {}, spool.deliver);
  await post('/publish/test', body(element('a', 'i1')));
  const other = await post('/publish/test', body(element('a', 'i1', { value: 2 })));
  t.deepEqual(await other.json(), { accepted: 1, rejected: 0, skipped: 0, errors: [] });
  t.deepEqual(
    spool.stored().map(({ value }) => value),
    ['1', '2'],
  );
  t.like(source.status(), { accepted: 2, duplicate: 0 });
});

test('an element of a record that is rejected does not hinder the others, and is rejected again', async (t) => {
  const spool = deduplicated();
  const { post } = await backstopBench(t, {}, spool.deliver);
  const record = body(element('a', 'i1'), element('b', 'i1', { value: 'x' }));
  const errors = ['[1]: value: expected a number, found "x"'];
  t.deepEqual(await (await post('/publish/test', record)).json(), { accepted: 1, rejected: 1, skipped: 0, errors });
  const again = await post('/publish/test', record);
  t.deepEqual(await again.json(), { accepted: 1, duplicates: 1, rejected: 1, skipped: 0, errors });
  t.is(spool.stored().length, 1);
});

test('an element that was too far ahead, and is not now, is stored with its record', async (t) => {
  const spool = deduplicated();
  const { post } = await backstopBench(t, {}, spool.deliver);
  await post('/publish/test', body(element('a', 'i1'), element('b', 'i1', { measure_time: 4_000_000_000 })));
  await post('/publish/test', body(element('a', 'i1'), element('b', 'i1')));
  t.deepEqual(
    spool.stored().map(({ metric }) => metric),
    ['test.a', 'test.a', 'test.b'],
  );
});

test('when one record does not fit the spool the request is refused, and a repeat stores the others no second time', async (t) => {
  let isFull = true;
  const spool = deduplicated(async (points) => {
    if (isFull && JSON.stringify(points).includes('test.b'))
      throw new SpoolFull('spool: at most 5 bytes, found 6 waiting');
    return 'stored';
  });
  const { post, source } = await backstopBench(t, {}, spool.deliver);
  const records = body(element('a', 'i1'), element('b', 'i2'), element('c', 'i3'), element('d'));
  const refused = await post('/publish/test', records);
  t.deepEqual([refused.status, await refused.json()], [503, { error: 'spool: at most 5 bytes, found 6 waiting' }]);
  isFull = false;
  t.like(await (await post('/publish/test', records)).json(), { accepted: 4, duplicates: 2 });
  t.deepEqual(
    spool
      .stored()
      .map(({ metric }) => metric)
      .toSorted(),
    ['test.a', 'test.b', 'test.c', 'test.d'],
  );
  t.like(source.status(), { accepted: 2, refused: 1 });
});

test('an empty list is answered 200 with zeros, and stores nothing', async (t) => {
  const { post, delivered } = await backstopBench(t);
  const answer = await post('/publish/test', '[]');
  t.deepEqual([answer.status, await answer.json()], [200, { accepted: 0, rejected: 0, skipped: 0, errors: [] }]);
  t.deepEqual(delivered, []);
});
