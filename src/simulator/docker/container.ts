// A simulated container: its states, and what it has used since its start.

import { drawLoad, type Counters } from './load.ts';

export interface ContainerSpec {
  readonly name: string;
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Default `eth0`. Empty: a container of the network `none`, or of `host`. */
  readonly interfaces?: readonly string[];
  /** Default: that of the machine. */
  readonly memoryLimitBytes?: number;
  /** CPUs that it may use; without it, nothing is throttled. */
  readonly cpus?: number;
  /** Default `running`. */
  readonly state?: 'created' | 'running' | 'paused' | 'exited';
  /** It starts again by itself after a crash or an OOM kill. */
  readonly hasRestartPolicy?: boolean;
  /** Names by which other containers link to it, such as `shop-web-1/db`. */
  readonly links?: readonly string[];
  /** The mean time between crashes; without it there are none. */
  readonly crashEveryMs?: number;
  /** The time in which it fills its memory; then it is OOM-killed. */
  readonly oomEveryMs?: number;
}

/** Of those in the API, the ones that last. */
export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'exited';

export interface SimulatedContainer {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly createdAtMs: number;
  readonly memoryLimitBytes: number;
  name: string;
  state: ContainerState;
  /** Undefined: never. */
  startedAtMs: number | undefined;
  finishedAtMs: number | undefined;
  exitCode: number;
  isOomKilled: boolean;
  restartCount: number;
  /** The time of this run before its last pause. */
  ranMs: number;
  /** When the run began or went on. */
  resumedAtMs: number;
  readonly load: (runningMs: number) => Counters;
}

export interface ContainerOptions {
  readonly spec: ContainerSpec;
  readonly nowMs: number;
  readonly random: () => number;
  readonly machineMemoryBytes: number;
}

/** A container in the state that its description gives. */
export function createContainer({ spec, nowMs, random, machineMemoryBytes }: ContainerOptions): SimulatedContainer {
  const memoryLimitBytes = spec.memoryLimitBytes ?? machineMemoryBytes;
  const { interfaces = ['eth0'], cpus, oomEveryMs: fillsMemoryMs } = spec;
  const container: SimulatedContainer = {
    id: drawId(random),
    spec,
    createdAtMs: nowMs,
    memoryLimitBytes,
    name: spec.name,
    state: 'created',
    startedAtMs: undefined,
    finishedAtMs: undefined,
    exitCode: 0,
    isOomKilled: false,
    restartCount: 0,
    ranMs: 0,
    resumedAtMs: 0,
    load: drawLoad({ interfaces, memoryLimitBytes, cpus, fillsMemoryMs, random }),
  };
  if (spec.state !== 'created') startContainer(container, nowMs);
  if (spec.state === 'exited') exitContainer(container, nowMs, { exitCode: 0 });
  if (spec.state === 'paused') pauseContainer(container, nowMs);
  return container;
}

/** Its counters begin at 0. */
export function startContainer(container: SimulatedContainer, nowMs: number): void {
  if (container.state === 'restarting') container.restartCount += 1;
  const run = { startedAtMs: nowMs, ranMs: 0, resumedAtMs: nowMs, exitCode: 0, isOomKilled: false };
  Object.assign(container, { state: 'running' as const, ...run });
}

export interface Exit {
  readonly exitCode: number;
  readonly isOomKilled?: boolean;
  /** The engine is about to start it again. */
  readonly isRestarting?: boolean;
}

export function exitContainer(container: SimulatedContainer, nowMs: number, exit: Exit): void {
  container.state = exit.isRestarting === true ? 'restarting' : 'exited';
  container.finishedAtMs = nowMs;
  container.exitCode = exit.exitCode;
  container.isOomKilled = exit.isOomKilled === true;
}

export function pauseContainer(container: SimulatedContainer, nowMs: number): void {
  container.ranMs += nowMs - container.resumedAtMs;
  container.state = 'paused';
}

export function unpauseContainer(container: SimulatedContainer, nowMs: number): void {
  container.resumedAtMs = nowMs;
  container.state = 'running';
}

/** Undefined unless it is running or paused. */
export function countersOf(container: SimulatedContainer, nowMs: number): Counters | undefined {
  const { state, ranMs, resumedAtMs, load } = container;
  if (state !== 'running' && state !== 'paused') return undefined;
  return load(state === 'paused' ? ranMs : ranMs + nowMs - resumedAtMs);
}

function drawId(random: () => number): string {
  return Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join('');
}
