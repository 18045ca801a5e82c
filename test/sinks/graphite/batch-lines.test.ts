// Batches are rendered to the same bytes as their points one by one, with every naming, or not at all where a point is illegal.

import test from 'ava';
import fc from 'fast-check';
import { expanded } from '../../../src/model/factored-points.ts';
import type { FactoredPoints, Points } from '../../../src/model/point.ts';
import { batchLines } from '../../../src/sinks/graphite/batch-lines.ts';
import { carbonRing } from '../../../src/sinks/graphite/hash-ring.ts';
import { carbonLine } from '../../../src/sinks/graphite/line.ts';
import { naming, type NamingOptions } from '../../../src/sinks/graphite/naming.ts';
import { type LinesOptions, seriesLines } from '../../../src/sinks/graphite/series-lines.ts';
import { runs } from '../../fakes/batches.ts';
import { points } from '../../fakes/points.ts';
import { arbitraryDeliveries, mostly } from '../arbitrary-deliveries.ts';

/** Renders the points one by one; undefined where one is illegal. */
function oneByOne(deliveries: readonly Points[], { nameOf, isRoutedHere }: LinesOptions): string | undefined {
  const lines = deliveries.flatMap(expanded).map((point) => carbonLine(point, nameOf));
  if (lines.some((line) => 'fault' in line)) return undefined;
  const sent = lines.filter((line) => 'text' in line && (isRoutedHere === undefined || isRoutedHere(line.name)));
  return sent.map((line) => ('text' in line ? line.text : '')).join('');
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

const seconds = mostly(fc.constantFrom(1, 1794994452), fc.constantFrom(0, 1.5));
const milliseconds = mostly(fc.constant(1794994452999), fc.constant(1));
const deliveries = arbitraryDeliveries({
  name: mostly(
    fc.constantFrom('node', 'asn', 'country', 'nodeid', 'name', 'a-b_c./d', '7', '.__tail__'),
    fc.constantFrom('', 'a b', 'São', '__proto__', '/', '.', 'a(b', 'x'.repeat(240), 'x.'.repeat(990)),
  ),
  value: mostly(
    fc.constantFrom('1.0', '0', '-7', '9223372036854775807'),
    fc.constantFrom('NaN', '', '9223372036854775808', '1e999'),
  ),
  time: fc.oneof(
    fc.record({ timestamp: seconds, unit: fc.constant('s' as const) }),
    fc.record({ timestamp: milliseconds, unit: fc.constant('ms' as const) }),
  ),
  stem: mostly(
    fc.constantFrom('catchpoint.rtt.by_', 'a/'),
    fc.constantFrom('', '.', '/', 'a..', 'a.', 'a b', 'a(', '.__tail__'),
  ),
  tail: mostly(
    fc.constantFrom('.204417', '.a.b'),
    fc.constantFrom('', '.', '..a', 'x', '.a.', '.a/b', '.a;b', '.São', `.${'x'.repeat(230)}`, '.xx'.repeat(640)),
  ),
  maxTags: 1,
});

for (const options of namings) {
  for (const isRoutedHere of [undefined, (series: string) => ring(series) === 1]) {
    const routing = isRoutedHere === undefined ? '' : ', by hash';
    test(`any deliveries are rendered as their points: ${JSON.stringify(options)}${routing}`, (t) => {
      const lines: LinesOptions = { nameOf: naming(options), isRoutedHere };
      const render = batchLines(lines);
      let rendered = 0;
      fc.assert(
        fc.property(deliveries, (delivered) => {
          const text = render(delivered);
          if (text !== undefined && text !== '') rendered += 1;
          t.deepEqual([text], [oneByOne(delivered, lines)]);
        }),
        { numRuns: 1000 },
      );
      t.true(rendered > 100, String(rendered));
    });
  }

  test(`runs with the same cuts are rendered from templates: ${JSON.stringify(options)}`, (t) => {
    const lines: LinesOptions = { nameOf: naming(options), isRoutedHere: undefined };
    const renderSeries = seriesLines(lines);
    for (const run of [...runs(6), ...runs(6)]) t.is(renderSeries(run), oneByOne([{ ...run, rest: [] }], lines));
    const delivered = [...runs(6), points(2), []];
    t.is(batchLines(lines)(delivered), oneByOne(delivered, lines));
  });
}

test('names are made once for all runs with the same cuts and series', (t) => {
  let made = 0;
  const nameOf = naming({ form: 'tagged' });
  const renderSeries = seriesLines({ nameOf: (of) => ((made += 1), nameOf(of)), isRoutedHere: undefined });
  const [first, second] = runs(2) as [FactoredPoints, FactoredPoints];
  for (const run of [first, second]) renderSeries(run);
  t.is(made, 12);
  for (const [at, run] of runs(20).entries()) {
    const { series, cuts } = at % 2 === 0 ? first : second;
    const sameTags = run.series.map((one, index) => ({ ...one, tags: series[index]?.tags }));
    t.truthy(renderSeries({ ...run, cuts, series: sameTags }));
  }
  t.true(made <= 24, String(made));
});

test('an illegal value among legal ones is detected', (t) => {
  const render = batchLines({ nameOf: naming({ form: 'tagged' }), isRoutedHere: undefined });
  const [run] = runs(1) as [FactoredPoints];
  const withValue = (value: string): FactoredPoints => ({
    ...run,
    series: run.series.map((one) => ({ ...one, value })),
  });
  t.truthy(render([withValue('1')]));
  t.is(render([withValue('1'), withValue('NaN')]), undefined);
  t.is(render([withValue('NaN')]), undefined);
  t.is(render([{ ...run, timestamp: 0 }]), undefined);
});
