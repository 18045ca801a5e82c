// vmagent for comparison: it receives points by OpenTSDB's HTTP put and writes them to a receiver of its own.

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../fakes/free-port.ts';
import type { Bodies } from './bodies.ts';
import { startContender } from './contender.ts';
import { type Entrant, startReceiver } from './contenders.ts';

/** Points of a request, about those of a push. */
const pointsARequest = 15;
/** Requests, made once and sent in turn. */
const requests = 4096;
const slices = ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'] as const;

/** Searches the binary in PATH. */
export function vmagentIn(path: string): string | undefined {
  return path
    .split(':')
    .map((directory) => join(directory, 'vmagent'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export async function startVmagent(command: string, dir: string): Promise<Entrant> {
  const dataDir = mkdtempSync(join(dir, 'vmagent-bench-'));
  const receiver = await startReceiver();
  const [ownPort, putPort] = [await freePort(), await freePort()];
  const metricsUrl = `http://127.0.0.1:${ownPort}/metrics`;
  const vmagent = await startContender(
    command,
    [
      `-httpListenAddr=127.0.0.1:${ownPort}`,
      `-opentsdbHTTPListenAddr=127.0.0.1:${putPort}`,
      `-remoteWrite.url=${receiver.url}/write`,
      `-remoteWrite.tmpDataPath=${dataDir}`,
    ],
    (line) => (/started vmagent in/.test(line) ? { url: `http://127.0.0.1:${putPort}/api/put`, ready: {} } : undefined),
  );
  let [points, lastAtMs] = [0, 0];
  return {
    ...vmagent,
    delivery: {
      pointsAPush: pointsARequest,
      cpuMs: receiver.cpuMs,
      pollMs: 250,
      async delivered() {
        const now = writtenRows(await (await fetch(metricsUrl)).text());
        if (now > points) [points, lastAtMs] = [now, performance.timeOrigin + performance.now()];
        return { points, lastAtMs };
      },
    },
    async stop() {
      await vmagent.stop();
      await receiver.stop();
      rmSync(dataDir, { recursive: true });
    },
  };
}

/** Counts by its metrics: the points of its blocks, once all are sent. */
export function writtenRows(metrics: string): number {
  const value = (name: string): number =>
    Number(new RegExp(`^vmagent_remotewrite_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
  return value('blocks_sent_total') < value('block_size_rows_count') ? 0 : value('block_size_rows_sum');
}

/** Makes requests of equal length, with series of different nodes and tests. */
export function readyPoints(nodeIds: readonly number[], tests: number): Bodies {
  const all = Array.from({ length: requests }, (_, at) =>
    Buffer.from(requestOf(nodeIds[at % nodeIds.length] as number, 10_000_000 + (at % tests), 1_767_225_600 + at)),
  );
  let count = 0;
  return { bytes: all[0]?.length ?? 0, next: () => all[(count += 1) % requests] as Buffer };
}

function requestOf(nodeId: number, testId: number, timestamp: number): string {
  const points = Array.from({ length: pointsARequest }, (_, at) => {
    const slice = slices[at % slices.length] as string;
    const kind = at < slices.length ? 'rtt' : 'status';
    return {
      metric: `catchpoint.${kind}.by_${slice}.${testId}`,
      timestamp,
      value: 12.5 + at,
      tags: {
        nodeid: String(nodeId),
        ...(slice === 'node' ? {} : { [slice]: `some-${slice}` }),
        ...(kind === 'status' ? { status: 'ok' } : {}),
      },
    };
  });
  return JSON.stringify(points);
}
