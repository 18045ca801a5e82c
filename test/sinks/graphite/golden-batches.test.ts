// Catchpoint's golden payloads are rendered for Graphite to the same bytes as deliveries and point by point.

import test from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { expanded, type Points } from '../../../src/model/factored-points.ts';
import { batchLines } from '../../../src/sinks/graphite/batch-lines.ts';
import { carbonLine } from '../../../src/sinks/graphite/line.ts';
import { naming, type NamingOptions } from '../../../src/sinks/graphite/naming.ts';
import { measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import { nodeOfV1 } from '../../../src/sources/catchpoint/nodes/rest/listed-node.ts';
import type { Node } from '../../../src/sources/catchpoint/nodes/node.ts';
import { parsePush } from '../../../src/sources/catchpoint/push-body.ts';
import { parseLabelTag, wantedLabels } from '../../../src/sources/catchpoint/run-tags.ts';
import { dimensions, type SliceOptions, slicer } from '../../../src/sources/catchpoint/slices.ts';

const folder = new URL('../../../../test/golden/', import.meta.url).pathname;
const listing = JSON.parse(readFileSync(`${folder}nodes/v1.json`, 'utf8')) as { readonly items: readonly unknown[] };
const nodes = new Map(listing.items.map((item) => nodeOfV1(item) as Node).map((node) => [node.id, node]));
const payloads = readdirSync(`${folder}catchpoint`).filter((file) => file.endsWith('.json'));

const defaults: SliceOptions = { prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions };
const sliceOptions: readonly SliceOptions[] = [
  defaults,
  { ...defaults, resolution: 'ms', rtt: 'total', prefix: 'synthetic.cp' },
  { ...defaults, testAsTag: true, testNameTag: true, labelTags: [parseLabelTag('Team')] },
];
const namings: readonly NamingOptions[] = [
  { form: 'tagged' },
  { form: 'dotted' },
  { form: 'tagged', template: 'eu.{metric}.{tag:nodeid}', omitTags: ['asn'] },
  { form: 'dotted', template: '{tag:country}.{metric}.{values}' },
];

for (const payload of payloads) {
  test(`${payload} is rendered the same as a delivery and point by point`, (t) => {
    for (const options of sliceOptions) {
      const measurement = measurementOf(parsePush(readFileSync(`${folder}catchpoint/${payload}`)), {
        extras: true,
        labels: wantedLabels(options),
      });
      const delivered: Points = slicer(options)(measurement, nodes.get(measurement.nodeId));
      for (const form of namings) {
        const nameOf = naming(form);
        const lines = expanded(delivered).map((point) => carbonLine(point, nameOf));
        const text = lines.map((line) => ('text' in line ? line.text : line.fault)).join('');
        t.not(text, '');
        const render = batchLines({ nameOf, isRoutedHere: undefined });
        t.is(render([delivered]), text);
        t.is(render([delivered, delivered]), text + text);
      }
    }
  });
}
