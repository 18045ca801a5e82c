// Golden pairs: a push in, put lines out. A difference changes the data under existing dashboards.

import test from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { expanded } from '../../../src/model/factored-points.ts';
import { batchRenderer } from '../../../src/sinks/opentsdb/text/batch-text.ts';
import { renderJson, renderPutLine } from '../../../src/sinks/opentsdb/text/point-text.ts';
import { nodeOfV1 } from '../../../src/sources/catchpoint/nodes/rest/listed-node.ts';
import { measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import type { Node } from '../../../src/sources/catchpoint/nodes/node.ts';
import { parsePush } from '../../../src/sources/catchpoint/push-body.ts';
import { parseLabelTag, wantedLabels } from '../../../src/sources/catchpoint/run-tags.ts';
import { type SliceOptions, slicer } from '../../../src/sources/catchpoint/slices.ts';
import { defaultSlices, golden, goldenPush } from './samples.ts';

const folder = `${golden}catchpoint/`;

interface Options extends SliceOptions {
  readonly timings: boolean;
}

const defaultOptions: Options = { ...defaultSlices, timings: false };

/** By the name of the file with points, such as `ping.timings.points`. */
const changedOptions: Readonly<Record<string, Partial<Options>>> = {
  'dns.ms': { resolution: 'ms' },
  'dns.prefix': { prefix: 'synthetic.cp' },
  'dns-error.slices': { slices: ['isp', 'node'] },
  'ping.rtt-total': { rtt: 'total' },
  'traceroute.rtt-total': { rtt: 'total' },
  'web.timings': { slices: ['node'], timings: true },
  'web-content-error.timings': { slices: ['continent'], timings: true },
  'ping.timings': { slices: ['node', 'isp'], timings: true },
  'traceroute.timings': { slices: ['node'], timings: true },
  'template-custom.timings': { slices: ['node'], timings: true },
  'template-grafana.timings': { slices: ['node'], timings: true },
  'dns-error.test-as-tag': { testAsTag: true },
  'web.tags': {
    testAsTag: true,
    testNameTag: true,
    labelTags: [parseLabelTag('Team'), parseLabelTag('env=Environment')],
  },
  'web.labels': { slices: ['node'], timings: true, labelTags: [parseLabelTag('team')] },
  'template-labels.tags': {
    slices: ['node', 'city'],
    testNameTag: true,
    labelTags: 'Team,zone=Business Unit,Tier,Stage,Owner'.split(',').map(parseLabelTag),
  },
};

const listing = JSON.parse(readFileSync(`${golden}nodes/v1.json`, 'utf8')) as { readonly items: readonly unknown[] };
const nodes = new Map(listing.items.map((item) => nodeOfV1(item) as Node).map((node) => [node.id, node]));

const files = readdirSync(folder);
const pairs = files.filter((file) => file.endsWith('.points')).map((file) => file.replace(/\.points$/, ''));

test('every golden push has a file of points, and every file of points has a push', (t) => {
  const payloads = files.filter((file) => file.endsWith('.json')).map((file) => file.replace(/\.json$/, ''));
  t.deepEqual(
    payloads.filter((name) => !pairs.includes(name)),
    [],
  );
  t.deepEqual(
    pairs.filter((name) => name.includes('.') !== name in changedOptions),
    [],
  );
  t.deepEqual(
    Object.keys(changedOptions).filter((name) => !pairs.includes(name)),
    [],
  );
});

for (const name of pairs) {
  test(`${name} has the points of its pair`, (t) => {
    const options = { ...defaultOptions, ...changedOptions[name] };
    const payload = goldenPush(name.split('.')[0] as string);
    const measurement = measurementOf(parsePush(payload), { extras: options.timings, labels: wantedLabels(options) });
    const delivered = slicer(options)(measurement, nodes.get(measurement.nodeId));
    const all = expanded(delivered);
    t.is(all.map((point) => `${renderPutLine(point)}\n`).join(''), readFileSync(`${folder}${name}.points`, 'utf8'));
    t.is(batchRenderer(8192)([delivered])?.toString(), `[${all.map(renderJson).join(',')}]`);
  });
}
