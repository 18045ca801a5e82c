// Row 13: the time of a start with a large backlog: pushes with the run keys of the last two hours, then large
// deliveries as other sources make them.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/runtime/clock.ts';
import type { DataPoint } from '../../src/model/point.ts';
import { measurementOf } from '../../src/sources/catchpoint/measurement.ts';
import { readNodesFile } from '../../src/sources/catchpoint/nodes/nodes-file.ts';
import { runOf } from '../../src/sources/catchpoint/push.ts';
import { parsePush } from '../../src/sources/catchpoint/push-body.ts';
import { dimensions, slicer } from '../../src/sources/catchpoint/slices.ts';
import { openSpool, type Spool } from '../../src/spool/spool.ts';
import { type Bodies, bodiesOf } from './bodies.ts';
import { startBridge } from './contenders.ts';
import { generate } from './generator.ts';
import { writeNodes } from './node-file.ts';
import { type Bar, type Row, row } from './row.ts';
import type { Settings } from './settings.ts';

const gigabyte = 1e9;
/** The sizes of the backlog, and the bounds on the start. */
const stages: readonly { readonly bytes: number; readonly bar: Bar }[] = [
  { bytes: gigabyte, bar: { way: 'at most', value: 2000, digits: 0, unit: ' ms' } },
  { bytes: 10 * gigabyte, bar: { way: 'at most', value: 3000, digits: 0, unit: ' ms' } },
];
const startsAStage = 3;
/** Concurrent deliveries. */
const atOnce = 1000;
const pointsOfRows = 100;

export async function waitingStart({ nodes, tests, dir }: Settings): Promise<Row[]> {
  const stateDir = mkdtempSync(join(dir, 'bridge-bench-'));
  try {
    const { path, ids } = writeNodes(stateDir, nodes);
    const bodies = bodiesOf({ kind: 'dns', nodeIds: ids, tests });
    const pushOf = await pushesFrom(path, bodies);
    const rows: Row[] = [];
    for (const [at, { bytes, bar }] of stages.entries()) {
      const deliveries = await fill(join(stateDir, 'spool'), bytes, at === 0 ? pushOf : rowsOf);
      const starts: number[] = [];
      for (let count = 0; count < startsAStage; count += 1)
        starts.push(await firstAnswerMs(stateDir, { nodes, dir }, bodies));
      rows.push(
        row(
          13,
          `start to the first answer, ${bytes / gigabyte} GB wait`,
          bar,
          starts,
          `${deliveries} ${at === 0 ? 'pushes' : `deliveries of ${pointsOfRows} points behind them`}`,
        ),
      );
    }
    return rows;
  } finally {
    rmSync(stateDir, { recursive: true });
  }
}

type Append = (spool: Spool) => Promise<unknown>;

async function pushesFrom(nodesFile: string, bodies: Bodies): Promise<Append> {
  const known = new Map((await readNodesFile(nodesFile)).nodes.map((node) => [node.id, node]));
  const slice = slicer({ prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions });
  return (spool) => {
    const body = bodies.next();
    const measurement = measurementOf(parsePush(body));
    return spool.append(slice(measurement, known.get(measurement.nodeId)), { run: runOf(measurement, body) });
  };
}

const rowsOfDelivery: readonly DataPoint[] = Array.from({ length: pointsOfRows }, (_, at) => ({
  metric: `servers.web.cpu.${at}`,
  timestamp: 1_794_994_452,
  unit: 's',
  value: String(at),
  tags: { host: 'web-01', core: String(at) },
}));
const rowsOf: Append = (spool) => spool.append(rowsOfDelivery);

/** Delivers until the backlog has this size; returns the number of deliveries. */
async function fill(directory: string, bytes: number, append: Append): Promise<number> {
  const spool = await openSpool({ directory, maxBytes: 2 ** 36, clock: systemClock() });
  // The sink that has the backlog.
  await spool.reader('opentsdb');
  let count = 0;
  while (spool.waitingBytes() < bytes) {
    await Promise.all(Array.from({ length: atOnce }, () => append(spool)));
    count += atOnce;
  }
  await spool.close();
  return count;
}

async function firstAnswerMs(
  stateDir: string,
  { nodes, dir }: Pick<Settings, 'nodes' | 'dir'>,
  bodies: Bodies,
): Promise<number> {
  const bridge = await startBridge({ nodes, dir, stateDir, isReceiverDown: true });
  const { failures } = await generate({ url: bridge.url, bodies, seconds: Infinity, most: 1, connections: 1 });
  const ms = performance.now() - bridge.startedAtMs;
  await bridge.stop();
  if (failures > 0) throw new Error('the first push has failed');
  return ms;
}
