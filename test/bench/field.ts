// The entrants of the rounds of pushes, measured in turns at 16 and at 64 connections.

import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bodies, bodiesOf } from './bodies.ts';
import { type BridgeContender, type Entrant, startBare, startBridge } from './contenders.ts';
import type { Load } from './generator.ts';
import { diskBytes } from './kernel-figures.ts';
import { type Measured, measured } from './loaded-bridge.ts';
import type { Settings } from './settings.ts';
import { readyPoints, startVmagent } from './vmagent.ts';

export const names = { bridge: 'bridge', synced: 'synced', against: 'older bridge', vmagent: 'vmagent' } as const;
export type EntrantName = keyof typeof names;

export interface Round extends Measured {
  /** The bytes written to disk for a push, less those of an idle machine. */
  readonly diskBytes: number | undefined;
  /** The bytes that an idle machine writes. If they are many, the figure above is unreliable. */
  readonly idleBytesASecond: number;
}

export interface FieldEntrant {
  readonly name: EntrantName;
  readonly one: Entrant;
  readonly load: Omit<Load, 'url' | 'seconds' | 'connections'>;
  /** By number of connections. */
  readonly rounds: Map<number, Round[]>;
  /** A directory on the measured disk. */
  readonly diskDir: string | undefined;
}

/** Starts the requested entrants. */
export async function startField(settings: Settings, hasVmagent: boolean): Promise<FieldEntrant[]> {
  const { nodes, tests, dir, against, vmagent } = settings;
  const bridge = await startBridge({ nodes, dir });
  const load = (): { readonly bodies: Bodies } => ({
    bodies: bodiesOf({ kind: settings.body, nodeIds: bridge.nodeIds, tests }),
  });
  const entrant = (name: EntrantName, one: Entrant, its: FieldEntrant['load'] = load()): FieldEntrant => {
    const diskDir = 'stateDir' in one ? (one as BridgeContender).stateDir : undefined;
    return { name, one, load: its, rounds: new Map(), diskDir };
  };
  const field = [entrant('bridge', bridge), entrant('synced', await startBare('synced', dir))];
  if (against !== undefined) field.push(entrant('against', await startBridge({ nodes, dir, root: against })));
  if (hasVmagent && vmagent !== undefined)
    field.push(
      entrant('vmagent', await startVmagent(vmagent, dir), { bodies: readyPoints(bridge.nodeIds, tests), status: 204 }),
    );
  return field;
}

/** Returns the numbers of connections for an entrant: vmagent is measured at 16 only. */
export function connectionsOf(name: EntrantName, requested: readonly number[]): readonly number[] {
  return name === 'vmagent' ? requested.filter((connections) => connections === 16) : requested;
}

/** Warms up an entrant, until V8 has compiled it. */
export async function warm({ one, load }: FieldEntrant): Promise<void> {
  await measured(one, { ...load, seconds: 4, most: 25_000, connections: 16 });
}

/** Measures one round of one entrant. */
export async function playRound(
  { one, load, rounds, diskDir }: FieldEntrant,
  seconds: number,
  connections: number,
  measuresDisk: boolean,
): Promise<void> {
  const isDisk = measuresDisk && diskDir !== undefined && diskBytes(diskDir) !== undefined;
  const idle = isDisk ? await idleBytesASecond(diskDir) : 0;
  const [fromMs, before] = [performance.now(), isDisk ? (diskBytes(diskDir) as number) : 0];
  const round = await measured(one, { ...load, seconds, connections });
  if (isDisk) flush(diskDir);
  const idleBytes = (idle * (performance.now() - fromMs)) / 1000;
  const disk = isDisk ? ((diskBytes(diskDir) as number) - before - idleBytes) / round.pushes : undefined;
  rounds.set(connections, [...(rounds.get(connections) ?? []), { ...round, diskBytes: disk, idleBytesASecond: idle }]);
}

/** Measures the bytes that the idle machine writes a second. */
async function idleBytesASecond(directory: string): Promise<number> {
  flush(directory);
  const [fromMs, before] = [performance.now(), diskBytes(directory) as number];
  await pause(1000);
  flush(directory);
  return (((diskBytes(directory) as number) - before) * 1000) / (performance.now() - fromMs);
}

/** Writes the page cache, so that the writes count for this round. */
function flush(directory: string): void {
  spawnSync('sync', ['-f', directory]);
}
