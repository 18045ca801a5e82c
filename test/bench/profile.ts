// `--profile` prints the CPU time by package, file and function, from Node's CPU profile of each thread of the bridge.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bodiesOf } from './bodies.ts';
import { startBridge } from './contenders.ts';
import { fill } from './drain.ts';
import { measured, settled } from './loaded-bridge.ts';
import type { Settings } from './settings.ts';

/** The part of V8's --cpu-prof file that is used. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** µs since the previous sample. */
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** µs by name. */
type Sums = ReadonlyMap<string, number>;

const rows = 30;
const connections = 16;

/** Profiles a bridge under pushes, and another one that drains a backlog. */
export async function profile(settings: Settings): Promise<void> {
  const { nodes, tests, dir, backlog } = settings;
  await profiled('pushes', dir, async (profileDir) => {
    const bridge = await startBridge({ nodes, dir, profileDir });
    const bodies = bodiesOf({ kind: settings.body, nodeIds: bridge.nodeIds, tests });
    await measured(bridge, { bodies, seconds: settings.seconds * settings.rounds, connections });
    await bridge.stop();
  });
  await profiled('a backlog, taken and delivered', dir, async (profileDir) => {
    const bridge = await startBridge({ nodes, dir, profileDir, isReceiverDown: true });
    const points = await fill(bridge, backlog, tests);
    await bridge.receiverUp();
    await settled(bridge, points);
    await bridge.stop();
  });
}

async function profiled(label: string, dir: string, run: (profileDir: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(dir, 'bridge-profile-'));
  await run(directory);
  for (const { thread, text } of profilesIn(directory))
    printThread(`${label}, ${thread}`, JSON.parse(text) as CpuProfile);
  rmSync(directory, { recursive: true });
}

/** Node writes a file for each thread, named by date, time, process, thread and a count. */
function profilesIn(directory: string): { readonly thread: string; readonly text: string }[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'));
  return files
    .map((file) => ({ thread: Number(file.split('.')[4]), text: readFileSync(join(directory, file), 'utf8') }))
    .toSorted((a, b) => a.thread - b.thread)
    .map(({ thread, text }) => ({ thread: thread === 0 ? 'main thread' : `worker thread ${thread}`, text }));
}

function printThread(label: string, profile: CpuProfile): void {
  const { byPlace, byFunction } = selfTimes(profile);
  const us = [...byPlace.values()].reduce((sum, each) => sum + each, 0);
  console.log(`\n### ${label}: ${(us / 1e6).toFixed(2)} s\n\n${table(byPlace, us)}\n\n${table(byFunction, us)}`);
}

/** Sums the self times of places and functions, without idle time. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): {
  readonly byPlace: Sums;
  readonly byFunction: Sums;
} {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const [byPlace, byFunction] = [new Map<string, number>(), new Map<string, number>()];
  samples.forEach((id, at) => {
    const frame = frames.get(id) as CallFrame;
    if (frame.functionName === '(idle)') return;
    const deltaUs = timeDeltas[at] ?? 0;
    add(byPlace, placeOf(frame), deltaUs);
    add(byFunction, `${frame.functionName || '(anonymous)'} ${placeOf(frame)}:${frame.lineNumber + 1}`, deltaUs);
  });
  return { byPlace, byFunction };
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

/** Returns the name of a package, the path of a file of the bridge, or V8's name. */
function placeOf({ url, functionName }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  return /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? /build\/(src\/.+)$/.exec(url)?.[1] ?? url;
}

function table(sums: Sums, allUs: number): string {
  const largest = [...sums].toSorted(([, a], [, b]) => b - a).slice(0, rows);
  return largest
    .map(
      ([key, us]) => `${((us / allUs) * 100).toFixed(1).padStart(5)} %  ${(us / 1e6).toFixed(2).padStart(6)} s  ${key}`,
    )
    .join('\n');
}
