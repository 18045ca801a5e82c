// `npm run bench:micro` measures each step of a push by itself, from its body to the bytes for OpenTSDB.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Bench } from 'tinybench';
import { systemClock } from '../../src/runtime/clock.ts';
import { expanded } from '../../src/model/factored-points.ts';
import { renderLegal } from '../../src/sinks/opentsdb/text/render.ts';
import { measurementOf } from '../../src/sources/catchpoint/measurement.ts';
import { readNodesFile } from '../../src/sources/catchpoint/nodes/nodes-file.ts';
import { runOf } from '../../src/sources/catchpoint/push.ts';
import { parsePush } from '../../src/sources/catchpoint/push-body.ts';
import { dimensions, slicer } from '../../src/sources/catchpoint/slices.ts';
import { encodePoints, pointsDecoder } from '../../src/spool/log/payload.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { bodiesOf, bodyKinds } from './bodies.ts';
import { writeNodes } from './node-file.ts';

/** The bridge's default slices. */
const slice = slicer({ prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions });
/** Steps receive different pushes in turn. */
const several = 1000;
/** Deliveries of a transaction, and pushes of a put. */
const group = 40;

const directory = mkdtempSync(join(tmpdir(), 'bridge-bench-'));
const { path, ids } = writeNodes(directory, 3000);
const nodes = new Map((await readNodesFile(path)).nodes.map((node) => [node.id, node]));
const bench = new Bench({ time: 300, warmupTime: 100 });

/** Adds a step, which receives its inputs in turn. */
function step<Input>(name: string, inputs: readonly Input[], run: (input: Input) => unknown): void {
  let count = 0;
  bench.add(name, () => void run(inputs[(count += 1) % inputs.length] as Input));
}

for (const kind of bodyKinds) {
  const next = bodiesOf({ kind, nodeIds: ids, tests: 100 }).next;
  const bodies = Array.from({ length: several }, next);
  step(`parse, ${kind}`, bodies, (body) => measurementOf(parsePush(body)));
}

const next = bodiesOf({ kind: 'dns', nodeIds: ids, tests: 100 }).next;
const bodies = Array.from({ length: several }, next);
const measurements = bodies.map((body) => measurementOf(parsePush(body)));
const factored = measurements.map((measurement) => slice(measurement, nodes.get(measurement.nodeId)));
const pointsOf = factored.map(expanded);
const decode = pointsDecoder();
const records = factored.map(encodePoints);
const batches = Array.from({ length: several / group }, (_, at) => pointsOf.slice(at * group, (at + 1) * group).flat());
const rendered = batches.map((points) =>
  renderLegal(points, 'json', 8192)
    .legal.map(({ text }) => text)
    .join(','),
);

step('slice', measurements, (measurement) => slice(measurement, nodes.get(measurement.nodeId)));
step('encode a record', factored, encodePoints);
step('decode a record', records, decode);
step(`render ${group} pushes`, batches, (points) => renderLegal(points, 'json', 8192));
step(`compress ${group} pushes`, rendered, (text) => gzipSync(text, { level: 1 }));

const spool = await openSpool({ directory: join(directory, 'spool'), maxBytes: 2 ** 36, clock: systemClock() });
bench.add(`append ${group} pushes, synced`, () =>
  Promise.all(
    Array.from({ length: group }, () => {
      const body = next();
      const measurement = measurementOf(parsePush(body));
      return spool.append(slice(measurement, nodes.get(measurement.nodeId)), { run: runOf(measurement, body) });
    }),
  ),
);

await bench.run();
console.table(
  bench.tasks.map(({ name, result }) => {
    if (!('latency' in result)) throw new Error(`${name}: ${result.state}`);
    const { latency } = result;
    return {
      step: name,
      'median µs': (latency.p50 * 1000).toFixed(1),
      'p99 µs': (latency.p99 * 1000).toFixed(1),
      'mean µs': `${(latency.mean * 1000).toFixed(1)} ± ${latency.rme.toFixed(1)} %`,
    };
  }),
);
await spool.close();
rmSync(directory, { recursive: true });
