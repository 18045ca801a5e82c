// Where the time went, by a CPU profile that Node has written: the share of each package or file, and of each function, in its own code.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fillBacklog } from './backlog.ts';
import { bodiesOf } from './bodies.ts';
import { startBridge } from './contenders.ts';
import { measured } from './loaded-bridge.ts';
import type { Settings } from './settings.ts';

/** What V8 writes with --cpu-prof, as far as it is read here. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** µs since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

const rows = 30;

/** Of the bridge under pushes, and of another that has a backlog to deliver. */
export async function profile(settings: Settings): Promise<void> {
  const { nodes, tests, isTls, isNewEach, backlog } = settings;
  await profiled('pushes', async (profileDir) => {
    const bridge = await startBridge({ nodes, isTls, profileDir });
    const bodies = bodiesOf({ kind: settings.body, nodeIds: bridge.nodeIds, tests });
    await measured(bridge, { bodies, seconds: settings.seconds * settings.rounds, connections: settings.connections, isNewEach });
    await bridge.stop();
  });
  await profiled('a backlog', async (profileDir) => {
    const bridge = await startBridge({ nodes, profileDir, prepare: (stateDir) => fillBacklog(stateDir, backlog) });
    while ((await bridge.received()).points < backlog) await pause(100);
    await bridge.stop();
  });
}

async function profiled(words: string, run: (profileDir: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bridge-profile-'));
  await run(directory);
  console.log(`### ${words}`);
  tellProfile(directory);
  rmSync(directory, { recursive: true });
}

/** Tells of the profile in a directory, in two tables; idle time is left out. */
function tellProfile(directory: string): void {
  const [file = ''] = readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'));
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const [byPlace, byFunction] = [new Map<string, number>(), new Map<string, number>()];
  samples.forEach((id, at) => {
    const frame = frames.get(id) as CallFrame;
    if (frame.functionName === '(idle)') return;
    const deltaUs = timeDeltas[at] ?? 0;
    add(byPlace, placeOf(frame), deltaUs);
    add(byFunction, `${frame.functionName || '(anonymous)'} ${placeOf(frame)}:${frame.lineNumber + 1}`, deltaUs);
  });
  console.log(`\n${table(byPlace)}\n\n${table(byFunction)}`);
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

/** A package by its name, a file of the bridge by its path, what has none by what V8 calls it. */
function placeOf({ url, functionName }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  return /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? /build\/(src\/.+)$/.exec(url)?.[1] ?? url;
}

function table(sums: ReadonlyMap<string, number>): string {
  const all = [...sums.values()].reduce((sum, each) => sum + each, 0);
  const largest = [...sums].toSorted(([, a], [, b]) => b - a).slice(0, rows);
  return largest.map(([key, us]) => `${((us / all) * 100).toFixed(1).padStart(5)} %  ${(us / 1e6).toFixed(2).padStart(6)} s  ${key}`).join('\n');
}
