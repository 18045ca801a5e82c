// Encoding and decoding of points is lossless for any contents.

import test from 'ava';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { expanded } from '../../../src/model/factored-points.ts';
import type { Annotation, Cuts, DataPoint, FactoredPoints, Tags } from '../../../src/model/point.ts';
import {
  encodePoints,
  joinedPayload,
  pointOf,
  pointsDecoder,
  rowOf,
  splitPayload,
} from '../../../src/spool/log/payload.ts';
import { nodeOfV1 } from '../../../src/sources/catchpoint/nodes/rest/listed-node.ts';
import { measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import type { Node } from '../../../src/sources/catchpoint/nodes/node.ts';
import { parsePush } from '../../../src/sources/catchpoint/push-body.ts';
import { dimensions, slicer } from '../../../src/sources/catchpoint/slices.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\n', '\u2028', '"', '\\', '\u0000', '__proto__', '𝒳', 'É'),
);
const tags: fc.Arbitrary<Tags> = fc.array(fc.tuple(text, text), { maxLength: 4 }).map((all) => Object.fromEntries(all));
const annotation: fc.Arbitrary<Annotation> = fc.record(
  { startMs: fc.nat(), endMs: fc.nat(), description: text, notes: text, custom: tags },
  { requiredKeys: ['startMs', 'description', 'custom'] },
);
const unit = fc.constantFrom('s' as const, 'ms' as const);
const timestamp = fc.integer({ min: 1, max: 2 ** 42 });
const bare = fc.record({ metric: text, timestamp, unit, value: text, tags });
const point: fc.Arbitrary<DataPoint> = fc.oneof(
  bare,
  fc.tuple(bare, annotation).map(([one, made]) => ({ ...one, annotation: made })),
  fc.tuple(bare, annotation).map(([one, made]) => ({ ...one, annotation: made, only: 'annotation' as const })),
);
const cut = fc.oneof(fc.tuple(text), fc.tuple(text, text)) as fc.Arbitrary<Cuts['cuts'][number]>;
const series = fc.oneof(fc.record({ stem: text, value: text }), fc.record({ stem: text, value: text, tags }));
const factored: fc.Arbitrary<FactoredPoints> = fc.record(
  {
    timestamp,
    unit,
    tail: text,
    series: fc.array(series, { maxLength: 4 }),
    cuts: fc.record({ tags, cuts: fc.array(cut, { maxLength: 4 }) }),
    rest: fc.array(point, { maxLength: 3 }),
    tags,
  },
  { requiredKeys: ['timestamp', 'unit', 'tail', 'series', 'cuts', 'rest'] },
);

test('rows decode to the same points', (t) => {
  fc.assert(
    fc.property(
      fc.array(point, { maxLength: 5 }),
      (some) => void t.deepEqual(pointsDecoder()(encodePoints(some)), some),
    ),
    { numRuns: 300 },
  );
  fc.assert(fc.property(point, (one) => void t.deepEqual(pointOf(rowOf(one)), one)));
});

test('factored points decode to the same, and expand to the same points', (t) => {
  const decode = pointsDecoder();
  fc.assert(
    fc.property(factored, (some) => {
      // Through UTF-8, as in a file.
      const back = decode(Buffer.from(encodePoints(some)).toString());
      t.deepEqual(back, some);
      t.deepEqual(expanded(back), expanded(some));
    }),
    { numRuns: 500 },
  );
});

test('known series decode with any values', (t) => {
  const decode = pointsDecoder();
  const odd = fc.constantFrom('', '1.0', '-7', '"', '\\', '\\"', '"],["b.","', '\n', ']]]\n', 'é', '1"');
  const few = fc.record(
    {
      stem: fc.constantFrom('a.', 'b.', 'é"'),
      value: odd,
      tags: fc.constantFrom({ status: 'ok' }, { status: '"' }, {}),
    },
    { requiredKeys: ['stem', 'value'] },
  );
  const some = fc.record(
    {
      timestamp,
      unit,
      tail: odd,
      series: fc.array(few, { maxLength: 2 }),
      cuts: fc.constant({ tags: { nodeid: '1' }, cuts: [['node']] as Cuts['cuts'] }),
      rest: fc.constant([]),
      tags: fc.constant({ test: 'x' }),
    },
    { requiredKeys: ['timestamp', 'unit', 'tail', 'series', 'cuts', 'rest'] },
  );
  fc.assert(
    fc.property(some, (one) => void t.deepEqual(decode(encodePoints(one)), one)),
    { numRuns: 3000 },
  );
});

const madeOf = (nodeid: string, value: string): FactoredPoints => ({
  timestamp: 1,
  unit: 's',
  tail: '.1',
  series: [{ stem: 'a.', value, tags: { status: 'ok' } }],
  cuts: { tags: { nodeid }, cuts: [['node']] },
  rest: [],
});

test('equal tags of series decode to the same object', (t) => {
  const decode = pointsDecoder();
  const [first, again] = ['1.0', '2.0'].map((value) => decode(encodePoints(madeOf('1', value)))) as [
    FactoredPoints,
    FactoredPoints,
  ];
  t.is(first.series[0]?.tags, again.series[0]?.tags);
  t.is(again.series[0]?.value, '2.0');
});

test('equal cuts decode to the same object, others do not', (t) => {
  const decode = pointsDecoder();
  const [first, again, other] = ['1', '1', '2'].map((node) => decode(encodePoints(madeOf(node, '1.0')))) as [
    FactoredPoints,
    FactoredPoints,
    FactoredPoints,
  ];
  t.is(first.cuts, again.cuts);
  t.not(first.cuts, other.cuts);
});

test('a payload splits into its points and change', (t) => {
  fc.assert(
    fc.property(fc.array(point, { maxLength: 3 }), text, (some, raw) => {
      const [points, change] = [encodePoints(some), JSON.stringify({ raw })];
      t.deepEqual(splitPayload(Buffer.from(joinedPayload(points, change))), { points, change });
    }),
  );
});

const folder = new URL('../../../../test/golden/catchpoint/', import.meta.url).pathname;
const listing = JSON.parse(readFileSync(new URL('../../../../test/golden/nodes/v1.json', import.meta.url), 'utf8')) as {
  readonly items: readonly unknown[];
};
const nodes = new Map(listing.items.map((item) => nodeOfV1(item) as Node).map((node) => [node.id, node]));

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  test(`the points of ${name} expand to the same after encoding`, (t) => {
    const measurement = measurementOf(parsePush(readFileSync(`${folder}${name}`)), { extras: true, labels: [] });
    for (const resolution of ['s', 'ms'] as const) {
      const made = slicer({ prefix: 'catchpoint', resolution, rtt: 'by-type', slices: dimensions })(
        measurement,
        nodes.get(measurement.nodeId),
      );
      const wanted = expanded(made);
      t.true(wanted.length > 0);
      t.deepEqual(expanded(pointsDecoder()(Buffer.from(encodePoints(made)).toString())), wanted);
    }
  });
}
