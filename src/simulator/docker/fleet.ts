// The containers of a simulated engine: what happens to them, by command and by themselves, and the events of it.

import type { Clock } from '../../runtime/clock.ts';
import { exponential } from '../seeded.ts';
import {
  createContainer,
  exitContainer,
  pauseContainer,
  startContainer,
  unpauseContainer,
  type ContainerSpec,
  type Exit,
  type SimulatedContainer,
} from './container.ts';
import { eventLog, type EventLog } from './event-log.ts';

/** How long the engine waits before it starts a container again. */
const restartMs = 1000;

/** Each finds the container by its name, and throws if there is none. The events are those of a real engine, in its order. */
export interface FleetControls {
  /** `docker start` */
  start(name: string): void;
  /** `docker stop`: the process ends by itself. */
  stop(name: string): void;
  /** `docker kill`: it does not start again. */
  kill(name: string): void;
  /** `docker restart` */
  restart(name: string): void;
  pause(name: string): void;
  unpause(name: string): void;
  /** The process ends by itself. It starts again after a second if it has a restart policy. */
  crash(name: string, exitCode?: number): void;
  /** The kernel kills it; then as `crash`. */
  oom(name: string): void;
  rename(name: string, newName: string): void;
  /** `docker rm -f` */
  remove(name: string): void;
  /** `docker run` */
  add(spec: ContainerSpec): SimulatedContainer;
}

export interface Fleet {
  readonly controls: FleetControls;
  readonly events: EventLog;
  /** The newest first, as the engine lists them. */
  all(): readonly SimulatedContainer[];
  close(): void;
}

export interface FleetOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly containers: number | readonly ContainerSpec[];
  readonly memoryBytes: number;
}

/** The containers with their events, and what moves them. */
interface Stage {
  readonly options: FleetOptions;
  readonly events: EventLog;
  readonly closed: AbortSignal;
  containers: readonly SimulatedContainer[];
}

export function simulatedFleet(options: FleetOptions): Fleet {
  const closed = new AbortController();
  const events = eventLog(options.clock.now);
  const stage: Stage = { options, events, closed: closed.signal, containers: [] };
  for (const spec of specsOf(options.containers)) create(stage, spec);
  return {
    controls: controlsOf(stage),
    events,
    all: () => stage.containers,
    close: () => closed.abort(new Error('the simulated engine is closed')),
  };
}

function controlsOf(stage: Stage): FleetControls {
  const { events, options } = stage;
  const { now } = options.clock;
  const find = (name: string): SimulatedContainer => findContainer(stage, name);
  return {
    start: (name) => start(stage, find(name)),
    stop: (name) => stop(stage, find(name)),
    kill: (name) => end(stage, find(name), { signal: '9', exitCode: 137 }),
    restart(name) {
      stop(stage, find(name));
      start(stage, find(name));
      events.record(find(name), 'restart');
    },
    pause(name) {
      pauseContainer(find(name), now());
      events.record(find(name), 'pause');
    },
    unpause(name) {
      unpauseContainer(find(name), now());
      events.record(find(name), 'unpause');
    },
    crash: (name, exitCode = 1) => void dieByItself(stage, find(name), { exitCode }),
    oom: (name) => void dieByItself(stage, find(name), { exitCode: 137, isOomKilled: true }),
    rename(name, newName) {
      const container = find(name);
      container.name = newName;
      events.record(container, 'rename', { oldName: `/${name}` });
    },
    remove(name) {
      const container = find(name);
      end(stage, container, { signal: '9', exitCode: 137 });
      stage.containers = stage.containers.filter((other) => other !== container);
      events.record(container, 'destroy');
    },
    add(spec) {
      const container = create(stage, spec);
      events.record(container, 'create');
      if (container.state === 'running') events.record(container, 'start');
      return container;
    },
  };
}

function findContainer({ containers }: Stage, name: string): SimulatedContainer {
  const container = containers.find((candidate) => candidate.name === name);
  if (container === undefined) throw new Error(`simulated engine: no container ${name}`);
  return container;
}

function create(stage: Stage, spec: ContainerSpec): SimulatedContainer {
  const { clock, random, memoryBytes: machineMemoryBytes } = stage.options;
  const container = createContainer({ spec, nowMs: clock.now(), random, machineMemoryBytes });
  stage.containers = [container, ...stage.containers];
  for (const accident of accidentsOf(spec)) void runAccidents(stage, container, accident);
  return container;
}

function start({ options, events }: Stage, container: SimulatedContainer): void {
  startContainer(container, options.clock.now());
  events.record(container, 'start');
}

function die({ options, events }: Stage, container: SimulatedContainer, exit: Exit): void {
  exitContainer(container, options.clock.now(), exit);
  events.record(container, 'die', { exitCode: String(exit.exitCode) });
}

function stop(stage: Stage, container: SimulatedContainer): void {
  end(stage, container, { signal: '15', exitCode: 0 });
  stage.events.record(container, 'stop');
}

interface Kill {
  readonly signal: string;
  readonly exitCode: number;
}

/** On command: the restart policy does not count. */
function end(stage: Stage, container: SimulatedContainer, { signal, exitCode }: Kill): void {
  if (container.state !== 'running' && container.state !== 'paused') return;
  stage.events.record(container, 'kill', { signal });
  die(stage, container, { exitCode });
}

/** The engine starts it again after a while, if there is a restart policy. */
async function dieByItself(stage: Stage, container: SimulatedContainer, exit: Exit): Promise<void> {
  if (container.state !== 'running') return;
  const isRestarting = container.spec.hasRestartPolicy === true;
  if (exit.isOomKilled === true) stage.events.record(container, 'oom');
  die(stage, container, { ...exit, isRestarting });
  if (!isRestarting || !(await hasSlept(stage, restartMs))) return;
  if (isIn(stage, container, 'restarting')) start(stage, container);
}

async function runAccidents(stage: Stage, container: SimulatedContainer, accident: Accident): Promise<void> {
  while (await hasSlept(stage, accident.drawMs(stage.options.random))) {
    if (!stage.containers.includes(container)) return;
    await dieByItself(stage, container, accident);
  }
}

/** False: the engine was closed. */
async function hasSlept({ options, closed }: Stage, ms: number): Promise<boolean> {
  return options.clock.sleep(ms, { signal: closed }).then(
    () => true,
    () => false,
  );
}

function isIn({ containers }: Stage, container: SimulatedContainer, state: SimulatedContainer['state']): boolean {
  return containers.includes(container) && container.state === state;
}

interface Accident extends Exit {
  /** The time until the next one. */
  readonly drawMs: (random: () => number) => number;
}

function accidentsOf({ crashEveryMs, oomEveryMs }: ContainerSpec): readonly Accident[] {
  const accidents: Accident[] = [];
  if (crashEveryMs !== undefined) {
    accidents.push({ drawMs: (random) => exponential(crashEveryMs, random), exitCode: 1 });
  }
  // Its memory is full then.
  if (oomEveryMs !== undefined) accidents.push({ drawMs: () => oomEveryMs, exitCode: 137, isOomKilled: true });
  return accidents;
}

function specsOf(containers: number | readonly ContainerSpec[]): readonly ContainerSpec[] {
  if (typeof containers !== 'number') return containers;
  return Array.from({ length: containers }, (_, index) => ({ name: `container-${index + 1}` }));
}
