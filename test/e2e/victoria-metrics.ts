// A real VictoriaMetrics from Debian's package.

import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { temporaryDirectory } from '../fakes/directory.ts';
import { freePort } from '../fakes/free-port.ts';
import { killedAfterTest } from './child.ts';
import { debianTool } from './debian-packages.ts';

const findBinary = debianTool({
  package: 'victoria-metrics',
  binary: 'victoria-metrics',
  variable: 'VICTORIA_METRICS',
});

export interface VictoriaMetrics {
  readonly httpPutPort: number;
  readonly telnetPutPort: number;
  /** Returns its points as put lines without "put", with the times in this unit. Copies are repeated. */
  points(unit: 's' | 'ms'): Promise<string[]>;
  /** Returns one of its own counters, summed over its labels. */
  counter(name: string): Promise<number>;
}

/** Starts one on free ports, and ends it after the test. */
export async function victoriaMetrics(t: ExecutionContext): Promise<VictoriaMetrics> {
  const binary = await findBinary();
  const [http, put, putHttp] = await Promise.all([freePort(), freePort(), freePort()]);
  const data = await temporaryDirectory(t);
  const flags = [
    `-storageDataPath=${data}`,
    `-httpListenAddr=127.0.0.1:${http}`,
    `-opentsdbListenAddr=127.0.0.1:${put}`,
    `-opentsdbHTTPListenAddr=127.0.0.1:${putHttp}`,
    '-retentionPeriod=100y',
    '-search.latencyOffset=0s',
    '-loggerLevel=ERROR',
  ];
  const child = spawn(binary, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
  void killedAfterTest(t, child, 'SIGTERM');
  const origin = `http://127.0.0.1:${http}`;
  await untilHealthy(origin, child);
  return {
    httpPutPort: putHttp,
    telnetPutPort: put,
    points: (unit) => exported(origin, unit),
    async counter(name) {
      const metrics = await (await fetch(`${origin}/metrics`)).text();
      const lines = metrics.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
  };
}

async function untilHealthy(origin: string, child: { readonly exitCode: number | null }): Promise<void> {
  while (child.exitCode === null) {
    try {
      if ((await fetch(`${origin}/health`)).ok) return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  throw new Error(`victoria-metrics ended with ${child.exitCode}`);
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

/** The end of the export; the default leaves out the current second. */
const farAhead = '4102444800';

async function exported(origin: string, unit: 's' | 'ms'): Promise<string[]> {
  await fetch(`${origin}/internal/force_flush`);
  const answer = await fetch(
    `${origin}/api/v1/export?${new URLSearchParams({ 'match[]': '{__name__!=""}', end: farAhead })}`,
  );
  const series = (await answer.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Series);
  return series.flatMap(({ metric: { __name__: name, ...tags }, values, timestamps }) =>
    values.map((value, index) => {
      const time = (timestamps[index] as number) / (unit === 's' ? 1000 : 1);
      return [
        name,
        time,
        value,
        ...Object.entries(tags)
          .map(([tag, text]) => `${tag}=${text}`)
          .toSorted(),
      ].join(' ');
    }),
  );
}

/** Converts a put line to the form of `points`: tags sorted, the value as a number. */
export function asExported(putLine: string): string {
  const [name, time, value, ...tags] = putLine.replace(/^put /, '').split(' ');
  return [name, time, Number(value), ...tags.toSorted()].join(' ');
}
