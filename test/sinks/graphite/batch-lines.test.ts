// The lines of a batch are byte for byte those of its points, in every form of names, and there are none where a point is illegal.

import test from 'ava';
import fc from 'fast-check';
import { expanded } from '../../../src/model/factored-points.ts';
import type { DataPoint, FactoredPoints, Points } from '../../../src/model/point.ts';
import { batchLines } from '../../../src/sinks/graphite/batch-lines.ts';
import { carbonLine } from '../../../src/sinks/graphite/line.ts';
import { naming, type NamingOptions } from '../../../src/sinks/graphite/naming.ts';
import { carbonRing } from '../../../src/sinks/graphite/hash-ring.ts';
import { type LinesOptions, seriesLines } from '../../../src/sinks/graphite/series-lines.ts';
import { runs } from '../../fakes/batches.ts';
import { points } from '../../fakes/points.ts';

/** What is sent of the points one by one; undefined where one of them is illegal. */
function oneByOne(deliveries: readonly Points[], { nameOf, isRoutedHere }: LinesOptions): string | undefined {
  const lines = deliveries.flatMap(expanded).map((point) => carbonLine(point, nameOf));
  if (lines.some((line) => 'fault' in line)) return undefined;
  return lines
    .map((line) => ('text' in line && (isRoutedHere === undefined || isRoutedHere(line.name)) ? line.text : ''))
    .join('');
}

const ring = carbonRing([
  { host: 'a', instance: undefined },
  { host: 'b', instance: undefined },
]);
const namings: readonly NamingOptions[] = [
  { form: 'tagged' },
  { form: 'dotted' },
  { form: 'tagged', template: 'eu.x{metric}-y.{tag:nodeid}', omitTags: ['asn'] },
  { form: 'dotted', template: '{tag:country}.{metric}.{values}' },
];
const usually = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: odd });
const name = fc.constantFrom('node', 'asn', 'country', 'nodeid', 'name', 'a-b_c./d', '7', '.__tail__');
const oddName = fc.constantFrom('', 'a b', 'São', '__proto__', '/', '.', 'a(b', 'x'.repeat(240), 'x.'.repeat(990));
const tags = (most: number): fc.Arbitrary<Record<string, string>> =>
  fc.dictionary(usually(name, oddName), usually(name, oddName), { maxKeys: most });
const value = usually(
  fc.constantFrom('1.0', '0', '-7', '9223372036854775807'),
  fc.constantFrom('NaN', '', '9223372036854775808', '1e999'),
);
const seconds = fc.record({
  timestamp: usually(fc.constantFrom(1, 1794994452), fc.constantFrom(0, 1.5)),
  unit: fc.constant('s' as const),
});
const milliseconds = fc.record({
  timestamp: usually(fc.constant(1794994452999), fc.constant(1)),
  unit: fc.constant('ms' as const),
});
const time = fc.oneof(seconds, milliseconds);
const point: fc.Arbitrary<DataPoint> = fc
  .record({ metric: usually(name, oddName), time, value, tags: tags(3) })
  .map(({ time: ofPoint, ...rest }) => ({ ...rest, ...ofPoint }));
const cuts = fc.record({
  tags: tags(2),
  cuts: fc.array(fc.oneof(fc.tuple(usually(name, oddName)), fc.tuple(usually(name, oddName), usually(name, oddName))), {
    maxLength: 4,
  }),
});
const stem = usually(
  fc.constantFrom('catchpoint.rtt.by_', 'a/'),
  fc.constantFrom('', '.', '/', 'a..', 'a.', 'a b', 'a(', '.__tail__'),
);
const tail = usually(
  fc.constantFrom('.204417', '.a.b'),
  fc.constantFrom('', '.', '..a', 'x', '.a.', '.a/b', '.a;b', '.São', `.${'x'.repeat(230)}`, '.xx'.repeat(640)),
);
const factored = (known: readonly FactoredPoints['cuts'][]): fc.Arbitrary<FactoredPoints> =>
  fc
    .record(
      {
        time,
        tail,
        cuts: fc.constantFrom(...known),
        tags: tags(1),
        rest: fc.array(point, { maxLength: 2 }),
        series: fc.array(
          fc.record(
            {
              stem,
              value,
              tags: tags(1),
            },
            { requiredKeys: ['stem', 'value'] },
          ),
          { maxLength: 3 },
        ),
      },
      { requiredKeys: ['time', 'tail', 'series', 'cuts', 'rest'] },
    )
    .map(({ time: ofRun, ...rest }) => ({ ...rest, ...ofRun }));
const deliveries = fc
  .array(cuts, { minLength: 1, maxLength: 2 })
  .chain((known) =>
    fc.array(fc.oneof({ weight: 3, arbitrary: factored(known) }, fc.array(point, { maxLength: 2 })), { maxLength: 3 }),
  );

for (const options of namings) {
  for (const isRoutedHere of [undefined, (series: string) => ring(series) === 1]) {
    test(`whatever is delivered, its lines are those of the points: ${JSON.stringify(options)}${isRoutedHere === undefined ? '' : ', by hash'}`, (t) => {
      const lines: LinesOptions = { nameOf: naming(options), isRoutedHere };
      const textOf = batchLines(lines);
      let withText = 0;
      fc.assert(
        fc.property(deliveries, (delivered) => {
          const text = textOf(delivered);
          if (text !== undefined && text !== '') withText += 1;
          t.deepEqual([text], [oneByOne(delivered, lines)]);
        }),
        { numRuns: 1000 },
      );
      t.true(withText > 100, String(withText));
    });
  }

  test(`what is usual is put together, run after run with the same cuts: ${JSON.stringify(options)}`, (t) => {
    const lines: LinesOptions = { nameOf: naming(options), isRoutedHere: undefined };
    const linesOf = seriesLines(lines);
    for (const run of [...runs(6), ...runs(6)]) t.is(linesOf(run), oneByOne([{ ...run, rest: [] }], lines));
    const delivered = [...runs(6), points(2), []];
    t.is(batchLines(lines)(delivered), oneByOne(delivered, lines));
  });
}

test('names are made once for all runs with the same cuts and series', (t) => {
  let made = 0;
  const nameOf = naming({ form: 'tagged' });
  const linesOf = seriesLines({ nameOf: (of) => ((made += 1), nameOf(of)), isRoutedHere: undefined });
  for (const run of runs(2)) linesOf(run);
  const before = made;
  const [first, second] = runs(2) as [FactoredPoints, FactoredPoints];
  for (const [at, run] of runs(20).entries()) {
    const { series, cuts: same } = at % 2 === 0 ? first : second;
    t.truthy(
      linesOf({ ...run, cuts: same, series: run.series.map((one, index) => ({ ...one, tags: series[index]?.tags })) }),
    );
  }
  t.is(before, 12);
  t.true(made <= 24, String(made));
});

test('an illegal value is seen among those that are legal', (t) => {
  const textOf = batchLines({ nameOf: naming({ form: 'tagged' }), isRoutedHere: undefined });
  const [run] = runs(1) as [FactoredPoints];
  const withValue = (text: string): FactoredPoints => ({
    ...run,
    series: run.series.map((one) => ({ ...one, value: text })),
  });
  t.truthy(textOf([withValue('1')]));
  t.is(textOf([withValue('1'), withValue('NaN')]), undefined);
  t.is(textOf([withValue('NaN')]), undefined);
  t.is(textOf([{ ...run, timestamp: 0 }]), undefined);
});
