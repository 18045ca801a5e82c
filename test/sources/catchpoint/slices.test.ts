// The slicer, compared with one that makes the points one by one.

import test from 'ava';
import fc from 'fast-check';
import { expanded, pointCount } from '../../../src/model/factored-points.ts';
import { floatText } from '../../../src/model/number-text.ts';
import type { DataPoint, Tags } from '../../../src/model/point.ts';
import type { Measurement } from '../../../src/sources/catchpoint/measurement.ts';
import type { NodeOverride } from '../../../src/sources/catchpoint/nodes/node-overrides.ts';
import type { Node } from '../../../src/sources/catchpoint/nodes/node.ts';
import { runTagger } from '../../../src/sources/catchpoint/run-tags.ts';
import {
  type Dimension,
  dimensions,
  dimensionsWithoutNode,
  type SliceOptions,
  slicer,
} from '../../../src/sources/catchpoint/slices.ts';
import { legalTagText } from '../../../src/model/tag-text.ts';
import { defaultSlices } from './samples.ts';

interface Given {
  readonly measurement: Measurement;
  readonly node: Node | undefined;
  readonly override: NodeOverride | undefined;
  readonly options: SliceOptions;
  readonly without: readonly Dimension[];
}

function pointByPoint({ measurement, node, override, options, without }: Given): DataPoint[] {
  const { testId, nodeId, asn, error, timeMs, rttMs, totalMs, extras = [] } = measurement;
  const ofPush = asn === undefined ? undefined : (override?.asn ?? asn);
  const values: Partial<Record<Dimension, string | number | undefined>> =
    node === undefined ? { asn: ofPush } : { ...node, asn: asn ?? node.asn, ...override };
  const runTags = runTagger(options)(measurement);
  const points: DataPoint[] = [];
  const add = (name: string, dimension: Dimension, value: number, tags: Tags): void => {
    const metric = `${options.prefix}.${name}.by_${dimension}${options.testAsTag === true ? '' : `.${testId}`}`;
    const timestamp = options.resolution === 's' ? Math.floor(timeMs / 1000) : timeMs;
    points.push({
      metric,
      timestamp,
      unit: options.resolution,
      value: floatText(value),
      tags: { ...tags, ...runTags },
    });
  };
  for (const dimension of dimensions) {
    const value =
      dimension === 'node' || values[dimension] === undefined ? undefined : legalTagText(String(values[dimension]));
    if (
      !options.slices.includes(dimension) ||
      without.includes(dimension) ||
      (dimension !== 'node' && value === undefined)
    )
      continue;
    const tags: Tags = { nodeid: String(nodeId), ...(value !== undefined && { [dimension]: value }) };
    const chosenMs = options.rtt === 'total' ? totalMs : rttMs;
    if (chosenMs !== undefined) add('rtt', dimension, chosenMs, tags);
    add('status', dimension, 1, { ...tags, status: error === undefined ? 'ok' : 'error' });
    for (const [name, extra] of extras) add(name, dimension, extra, tags);
  }
  if (error !== undefined && options.slices.includes('node') && !without.includes('node')) {
    add('error', 'node', 1, { nodeid: String(nodeId), error: legalTagText(error) ?? 'unknown' });
  }
  return points;
}

const asn = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const place = fc.constantFrom('Asia', 'São Paulo', '北京', '***', 'New York', '');
const places = { continent: place, country: place, region: place, city: place, isp: place };
const ms = fc.double({ min: 0, max: 1e12, noNaN: true });
const maybe = <Value>(of: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(of, { nil: undefined });

const measurements = fc.record(
  {
    testId: fc.integer({ min: 1 }),
    nodeId: fc.constant(312),
    timeMs: fc.integer({
      min: 1e12,
      max: 2e12,
    }),
    asn,
    totalMs: ms,
    rttMs: ms,
    error: fc.constantFrom('12007', 'dns', '***'),
    testName: fc.constantFrom('DNS A', '***'),
    labels: fc.constant({ team: ['b', 'a b'] }),
    extras: fc.array(fc.tuple(fc.constantFrom('timing.dns', 'content_error'), ms), { maxLength: 3 }),
  },
  { requiredKeys: ['testId', 'nodeId', 'timeMs'] },
);
const nodes = fc.record(
  { id: fc.constant(312), active: fc.constant(true), asn, ...places },
  { requiredKeys: ['id', 'active'] },
);
const options = fc.record({
  prefix: fc.constantFrom('catchpoint', 'a.b'),
  resolution: fc.constantFrom('s' as const, 'ms' as const),
  rtt: fc.constantFrom('by-type' as const, 'total' as const),
  slices: fc.subarray([...dimensions]),
  testAsTag: fc.boolean(),
  testNameTag: fc.boolean(),
  labelTags: fc.subarray([
    {
      tag: 'team',
      label: 'team',
    },
  ]),
});

test('factored points expand to the same points, in the same order and with the same order of tags', (t) => {
  const property = fc.property(
    measurements,
    maybe(nodes),
    maybe(fc.record({ asn, ...places }, { requiredKeys: [] })),
    options,
    fc.boolean(),
    (measurement, node, override, chosen, isRest) => {
      const without = isRest ? dimensionsWithoutNode(measurement) : [];
      const cut = slicer(chosen, () => override)(measurement, node, without);
      const expected = pointByPoint({ measurement, node, override, options: chosen, without });
      t.is(JSON.stringify(expanded(cut)), JSON.stringify(expected));
      t.is(pointCount(cut), expected.length);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 500 }));
});

test('the cuts of a node are cached until the node, its AS number or its override changes', (t) => {
  let override: NodeOverride | undefined;
  const slice = slicer(defaultSlices, () => override);
  const node: Node = { id: 312, asn: 4837, country: 'China', active: true };
  const run = { testId: 1, nodeId: 312, timeMs: 1_794_994_452_345 };
  const { cuts } = slice(run, node);
  t.is(slice({ ...run, testId: 2, rttMs: 3 }, node).cuts, cuts);
  t.is(slice({ ...run, asn: 4837 }, node).cuts, cuts, "the directory's own number");
  t.not(slice({ ...run, asn: 4134 }, node).cuts, cuts);
  t.not(slice(run, { ...node }).cuts, cuts);
  override = { country: 'PRC' };
  t.not(slice(run, node).cuts, cuts);
});
