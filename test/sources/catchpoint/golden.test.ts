// Golden pairs: a payload in, put lines out. A pair that differs is a change of what people's dashboards are drawn from.

import test from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { expanded } from '../../../src/model/factored-points.ts';
import { batchRenderer } from '../../../src/sinks/opentsdb/text/batch-text.ts';
import { renderJson, renderPutLine } from '../../../src/sinks/opentsdb/text/point-text.ts';
import { nodeOfV1 } from '../../../src/sources/catchpoint/nodes/rest/listed-node.ts';
import { measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import type { Node } from '../../../src/sources/catchpoint/nodes/node.ts';
import { parsePush } from '../../../src/sources/catchpoint/push-body.ts';
import { labelTag, wantedLabels } from '../../../src/sources/catchpoint/run-tags.ts';
import { dimensions, type SliceOptions, slicer } from '../../../src/sources/catchpoint/slices.ts';

const folder = new URL('../../../../test/golden/catchpoint/', import.meta.url).pathname;

interface Options extends SliceOptions {
  readonly timings: boolean;
}

const usual: Options = { prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions, timings: false };

/** By the middle of a file's name, as in `ping.timings.points`. */
const unusual: Readonly<Record<string, Partial<Options>>> = {
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
  'web.tags': { testAsTag: true, testNameTag: true, labelTags: [labelTag('Team'), labelTag('env=Environment')] },
  'web.labels': { slices: ['node'], timings: true, labelTags: [labelTag('team')] },
  'template-labels.tags': {
    slices: ['node', 'city'],
    testNameTag: true,
    labelTags: 'Team,zone=Business Unit,Tier,Stage,Owner'.split(',').map(labelTag),
  },
};

const listing = JSON.parse(readFileSync(new URL('../../../../test/golden/nodes/v1.json', import.meta.url), 'utf8')) as {
  readonly items: readonly unknown[];
};
const nodes = new Map(listing.items.map((item) => nodeOfV1(item) as Node).map((node) => [node.id, node]));

const files = readdirSync(folder);
const pairs = files.filter((file) => file.endsWith('.points')).map((file) => file.replace(/\.points$/, ''));

test('every payload has its points, and every set of points its payload', (t) => {
  const payloads = files.filter((file) => file.endsWith('.json')).map((file) => file.replace(/\.json$/, ''));
  t.deepEqual(
    payloads.filter((name) => !pairs.includes(name)),
    [],
  );
  t.deepEqual(
    pairs.filter((name) => name.includes('.') !== name in unusual),
    [],
  );
  t.deepEqual(
    Object.keys(unusual).filter((name) => !pairs.includes(name)),
    [],
  );
});

for (const name of pairs) {
  test(`${name} becomes the points of its pair`, (t) => {
    const options = { ...usual, ...unusual[name] };
    const payload = readFileSync(`${folder}${name.split('.')[0]}.json`);
    const measurement = measurementOf(parsePush(payload), { extras: options.timings, labels: wantedLabels(options) });
    const delivered = slicer(options)(measurement, nodes.get(measurement.nodeId));
    const all = expanded(delivered);
    t.is(all.map((point) => `${renderPutLine(point)}\n`).join(''), readFileSync(`${folder}${name}.points`, 'utf8'));
    t.is(batchRenderer(8192)([delivered])?.toString(), `[${all.map(renderJson).join(',')}]`);
  });
}
