// `npm run bench:status` measures the cost of the status page: a bridge under 1,000 pushes a second of 3,000 nodes and
// 1,000 tests, with and without an open page, and the page's history alone. BENCH_SECONDS, BENCH_ROUNDS and BENCH_RATE
// may be set.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/runtime/clock.ts';
import { responseTimeMs } from '../../src/status/response-times.ts';
import { mapAggregates } from '../../src/status/map-aggregates.ts';
import { pushHistory } from '../../src/status/push-history.ts';
import { agents } from '../../src/simulator/agents/agents.ts';
import { simulatedTests } from '../../src/simulator/runs/tests.ts';
import type { SimulatedNode } from '../../src/simulator/world/world-node.ts';
import { world } from '../../src/simulator/world/world.ts';
import type { DurationSnapshot } from '../../src/runtime/duration-histogram.ts';

const program = new URL('../../src/main.js', import.meta.url).pathname;
const setting = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const [phaseS, rounds, rate] = [setting('BENCH_SECONDS', 10), setting('BENCH_ROUNDS', 10), setting('BENCH_RATE', 1000)];
const [nodes, tests] = [3000, 1000];
const started: ChildProcess[] = [];

await aloneInMemory();
const stateDir = await mkdtemp(join(tmpdir(), 'bridge-bench-'));
const taker = createServer((request, response) => request.resume().on('end', () => response.writeHead(204).end()));
try {
  await new Promise<void>((resolve) => taker.listen(0, '127.0.0.1', resolve));
  await underLoad((taker.address() as AddressInfo).port);
} finally {
  for (const child of started) child.kill('SIGKILL');
  taker.close();
  taker.closeAllConnections();
  await rm(stateDir, { recursive: true, force: true });
}

/** Measures the history of the page with a full ring: its memory, and its time for a push and for a map. */
async function aloneInMemory(): Promise<void> {
  const before = used();
  const clock = systemClock();
  const seen = pushHistory({ clock, rtt: 'by-type' });
  const points = Array.from({ length: 14 }, () => ({
    metric: 'm',
    timestamp: 1,
    unit: 's' as const,
    value: '1.0',
    tags: { nodeid: '1' },
  }));
  const pushes = 2 ** 20;
  const runs = Array.from({ length: 4096 }, (_, nth) => ({
    outcome: 'taken',
    run: {
      points,
      measurement: {
        testId: 200_000 + ((nth * 7) % tests),
        nodeId: 10 + ((nth * 13) % nodes),
        testName: `test ${(nth * 7) % tests}`,
        nodeName: 'node',
        rttMs: 1 + (nth % 400),
      },
    },
  }));
  const startMs = clock.steady();
  for (let nth = 0; nth < pushes; nth += 1) seen.record(runs[nth & 4095] as (typeof runs)[number]);
  const perPushUs = ((clock.steady() - startMs) / pushes) * 1000;
  const mib = (used() - before) / 2 ** 20;
  const find = (id: number) => ({ id, name: `node ${id}`, continent: 'Europe', country: `country ${id % 80}` });
  const [mapStartMs, cpuBefore] = [clock.steady(), process.cpuUsage()];
  const maps = 10;
  let answered = 0;
  for (let nth = 0; nth < maps; nth += 1)
    answered = gzipSync(JSON.stringify(await mapAggregates(seen, find, { by: 'country', minutes: 60 }, clock.now())), {
      level: 1,
    }).length;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMs = (cpu.user + cpu.system) / 1000 / maps;
  console.log(`kept for the page, ring full: ${mib.toFixed(1)} MiB, ${perPushUs.toFixed(2)} us a push`);
  console.log(
    `the map of ${pushes} runs, every 5 s while a page is open: ${((clock.steady() - mapStartMs) / maps).toFixed(0)} ms in turns, ${cpuMs.toFixed(0)} ms of CPU (${(cpuMs / 50).toFixed(1)} % of a core), ${answered} bytes packed`,
  );
}

function used(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function underLoad(tsdbPort: number): Promise<void> {
  const everyNode = manyNodes();
  const nodesFile = join(stateDir, 'nodes.json');
  await writeFile(
    nodesFile,
    JSON.stringify(
      everyNode.map((node) => ({
        ...node,
        isp: node.isp.name,
        city: node.city.name,
        region: node.region?.name,
        country: node.country.name,
        continent: node.continent.name,
      })),
    ),
  );
  const args = [
    '-l',
    '127.0.0.1:0',
    '--admin-listen',
    '127.0.0.1:0',
    '-t',
    `http://127.0.0.1:${tsdbPort}`,
    '--nodes-file',
    nodesFile,
    '--max-connections-per-address',
    '1500',
  ];
  const bridge = launched(['run', ...args, '--state-dir', stateDir, '--log-level', 'warn']);
  const urls = await listening();
  while (((await json(`${urls.admin}/healthz`))['nodes'] as { known: number }).known < nodes) await sleep(500);
  const [clock, end] = [systemClock(), new AbortController()];
  const pushing = agents({
    target: urls.push,
    tests: simulatedTests(tests),
    nodes: everyNode,
    rate,
    clock,
    random: Math.random,
  }).run(end.signal);
  await sleep(10_000);
  const pairs: Record<Way, Phase>[] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push(await pair(round, bridge.pid as number, urls.admin));
  end.abort();
  await pushing;
  sayWhatItCosts(pairs);
}

type Way = 'without' | 'with';

/** Plays both phases in alternating order, so that other load affects both. */
async function pair(round: number, pid: number, adminUrl: string): Promise<Record<Way, Phase>> {
  const seen: Partial<Record<Way, Phase>> = {};
  for (const way of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
    const page = way === 'with' ? openPage(adminUrl) : undefined;
    const phase = await measured(pid, adminUrl);
    page?.abort();
    seen[way] = phase;
    console.log(
      `${way.padEnd(8)} ${phase.pushes.toFixed(0)} pushes answered a second, p50 ${phase.p50Ms.toFixed(2)} ms  ` +
        `CPU ${(phase.cpu * 100).toFixed(1)} % of a core, ${phase.usPerPush.toFixed(0)} us a push  ${phase.mib.toFixed(0)} MiB resident`,
    );
  }
  return seen as Record<Way, Phase>;
}

/** Prints the medians of the differences. The page's share is the CPU time beyond that of the pushes without a page. */
function sayWhatItCosts(pairs: readonly Record<Way, Phase>[]): void {
  const median = (of: (pair: Record<Way, Phase>) => number): number => {
    const sorted = pairs.map(of).toSorted((a, b) => a - b);
    const half = sorted.length / 2;
    return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2;
  };
  const share = median((each) => each.with.cpu - (each.with.pushes * each.without.usPerPush) / 1e6) * 100;
  const answered = median((each) => each.with.pushes / each.without.pushes);
  const times = median((each) => each.with.p50Ms / each.without.p50Ms);
  const mib = median((each) => each.with.mib - each.without.mib);
  console.log(
    `medians of ${pairs.length} pairs: an open page takes ${share.toFixed(1)} % of a core; with/without it ${answered.toFixed(3)} of the pushes are answered, in ${times.toFixed(2)} of the time (p50); ${mib.toFixed(1)} MiB more resident`,
  );
}

/** Doubles the nodes of the simulated world. */
function manyNodes(): SimulatedNode[] {
  const some = world({ count: nodes / 2 }).map((node) => ({ ...node, active: true }));
  return [...some, ...some.map((node) => ({ ...node, id: node.id + 1_000_000 }))];
}

interface Phase {
  readonly pushes: number;
  /** The fraction of one core. */
  readonly cpu: number;
  readonly usPerPush: number;
  readonly p50Ms: number;
  readonly mib: number;
}

async function measured(pid: number, adminUrl: string): Promise<Phase> {
  const look = async () => ({
    atMs: performance.now(),
    cpuS: await cpuSeconds(pid),
    answers: await answerTimes(adminUrl),
  });
  const before = await look();
  await sleep(phaseS * 1000);
  const after = await look();
  const [seconds, cpuS, pushes] = [
    (after.atMs - before.atMs) / 1000,
    after.cpuS - before.cpuS,
    after.answers.count - before.answers.count,
  ];
  const resident = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  return {
    pushes: pushes / seconds,
    cpu: cpuS / seconds,
    usPerPush: (cpuS / pushes) * 1e6,
    p50Ms: responseTimeMs(before.answers, after.answers, 0.5) ?? NaN,
    mib: Number(resident?.[1]) / 1024,
  };
}

/** Requests what an open page does: the live events, and every five seconds nodes, tests and the map. */
function openPage(adminUrl: string): AbortController {
  const open = new AbortController();
  const headers = { 'accept-encoding': 'gzip' };
  get(`${adminUrl}/status/events`, { signal: open.signal }, (response) => response.resume().on('error', () => {})).on(
    'error',
    () => {},
  );
  void (async () => {
    let etag = '';
    for (; !open.signal.aborted; await sleep(5000)) {
      const answer = await fetch(`${adminUrl}/status/nodes`, { headers: { ...headers, 'if-none-match': etag } });
      etag = answer.headers.get('etag') ?? '';
      for (const path of ['tests', 'map?by=continent&minutes=15'])
        await (await fetch(`${adminUrl}/status/${path}`, { headers })).arrayBuffer();
    }
  })().catch(() => {});
  return open;
}

/** Of the answered pushes, from the bridge's histogram. */
async function answerTimes(adminUrl: string): Promise<DurationSnapshot> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const buckets = [...text.matchAll(/^catchpoint_bridge_push_duration_seconds_bucket\{le="([\d.e-]+)"\} (\d+)$/gm)].map(
    ([, bound, count]) => [Number(bound), Number(count)] as const,
  );
  const [, count] = /^catchpoint_bridge_push_duration_seconds_count (\d+)$/m.exec(text) ?? [];
  if (count === undefined || buckets.length === 0) throw new Error('the bridge tells no times of its answers');
  return {
    boundsSeconds: buckets.map(([bound]) => bound),
    atMost: buckets.map(([, atMost]) => atMost),
    count: Number(count),
    sumSeconds: NaN,
  };
}

async function json(url: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url)).json()) as Record<string, unknown>;
}

/** Returns user and system time of a process in seconds; Linux counts hundredths. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function listening(): Promise<{ readonly push: string; readonly admin: string }> {
  for (;;) {
    const text = await readFile(join(stateDir, 'listening.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as { push: string; admin: string };
    await sleep(100);
  }
}

function launched(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  started.push(child);
  return child;
}
