// The answers of /containers/json, /containers/ID/json, /info and /version.

import type { SimulatedContainer } from './container.ts';
import { goTime, humanDuration, isAtLeast, zeroTime } from './go-text.ts';
import type { Machine } from './stats.ts';

/** An item of /containers/json. `State` exists from API 1.23 on. */
export function listItem(container: SimulatedContainer, apiVersion: string, nowMs: number): object {
  const { spec } = container;
  const [networkMode, image] = [networkOf(container), spec.image ?? 'busybox:1'];
  return {
    Id: container.id,
    Names: [...(spec.links ?? []).map((link) => `/${link}`), `/${container.name}`],
    Image: image,
    ...(isAtLeast(apiVersion, '1.21') ? { ImageID: imageId(image) } : {}),
    Command: '/bin/simulated',
    Created: Math.floor(container.createdAtMs / 1000),
    Ports: [],
    ...(isAtLeast(apiVersion, '1.18') ? { Labels: spec.labels ?? {} } : {}),
    ...(isAtLeast(apiVersion, '1.23') ? { State: container.state } : {}),
    Status: statusOf(container, nowMs),
    ...(isAtLeast(apiVersion, '1.22')
      ? { HostConfig: { NetworkMode: networkMode }, NetworkSettings: { Networks: { [networkMode]: {} } }, Mounts: [] }
      : {}),
  };
}

/** As `docker ps` shows it. */
function statusOf(container: SimulatedContainer, nowMs: number): string {
  const { state, startedAtMs = nowMs, finishedAtMs = nowMs, exitCode } = container;
  switch (state) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${humanDuration(nowMs - startedAtMs)}`;
    case 'paused':
      return `Up ${humanDuration(nowMs - startedAtMs)} (Paused)`;
    case 'restarting':
      return `Restarting (${exitCode}) ${humanDuration(nowMs - finishedAtMs)} ago`;
    case 'exited':
      return `Exited (${exitCode}) ${humanDuration(nowMs - finishedAtMs)} ago`;
  }
}

export function inspectBody(container: SimulatedContainer): object {
  const { spec, state } = container;
  const image = spec.image ?? 'busybox:1';
  return {
    Id: container.id,
    Created: timeOf(container.createdAtMs),
    Path: '/bin/simulated',
    Args: [],
    State: {
      Status: state,
      Running: state !== 'created' && state !== 'exited',
      Paused: state === 'paused',
      Restarting: state === 'restarting',
      OOMKilled: container.isOomKilled,
      Dead: false,
      Pid: state === 'running' || state === 'paused' ? 4711 : 0,
      ExitCode: container.exitCode,
      Error: '',
      StartedAt: timeOf(container.startedAtMs),
      FinishedAt: timeOf(container.finishedAtMs),
    },
    Image: imageId(image),
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    HostConfig: {
      NetworkMode: networkOf(container),
      RestartPolicy: { Name: spec.hasRestartPolicy === true ? 'always' : 'no', MaximumRetryCount: 0 },
      Memory: spec.memoryLimitBytes ?? 0,
      NanoCpus: Math.round((spec.cpus ?? 0) * 1e9),
    },
    Config: { Hostname: container.id.slice(0, 12), Image: image, Labels: spec.labels ?? {} },
  };
}

export interface EngineVersions {
  readonly version: string;
  readonly apiVersion: string;
  readonly minApiVersion: string;
}

/** MinAPIVersion exists from API 1.25 on, Components from 1.35 on. */
export function versionBody({ version, apiVersion, minApiVersion }: EngineVersions): object {
  const minimum = isAtLeast(apiVersion, '1.25') ? { MinAPIVersion: minApiVersion } : {};
  const details = { ApiVersion: apiVersion, Arch: 'amd64', ...minimum, Os: 'linux' };
  return {
    ...(isAtLeast(apiVersion, '1.35')
      ? { Platform: { Name: 'Simulated' }, Components: [{ Name: 'Engine', Version: version, Details: details }] }
      : {}),
    Version: version,
    ApiVersion: apiVersion,
    ...minimum,
    GitCommit: 'simulated',
    GoVersion: 'go1.24.9',
    Os: 'linux',
    Arch: 'amd64',
    KernelVersion: '6.12.0',
  };
}

/** CgroupVersion exists from API 1.41 on. */
export function infoBody(
  machine: Machine,
  containers: readonly SimulatedContainer[],
  { version, apiVersion }: { readonly version: string; readonly apiVersion: string },
): object {
  const count = (...states: readonly string[]): number =>
    containers.filter(({ state }) => states.includes(state)).length;
  return {
    ID: 'SIMU:LATE:D000:0000',
    Containers: containers.length,
    ContainersRunning: count('running', 'restarting'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('created', 'exited'),
    Images: new Set(containers.map(({ spec }) => spec.image)).size,
    Driver: 'overlay2',
    CgroupDriver: machine.cgroupVersion === 2 ? 'systemd' : 'cgroupfs',
    ...(isAtLeast(apiVersion, '1.41') ? { CgroupVersion: String(machine.cgroupVersion) } : {}),
    KernelVersion: '6.12.0',
    OperatingSystem: 'Simulated',
    OSType: 'linux',
    Architecture: 'x86_64',
    NCPU: machine.cpus,
    MemTotal: machine.memoryBytes,
    Name: machine.hostname,
    ServerVersion: version,
  };
}

function networkOf({ spec }: SimulatedContainer): string {
  return spec.interfaces?.length === 0 ? 'none' : 'bridge';
}

function timeOf(ms: number | undefined): string {
  return ms === undefined ? zeroTime : goTime(BigInt(Math.floor(ms)) * 1_000_000n);
}

function imageId(image: string): string {
  return `sha256:${Buffer.from(image).toString('hex').padEnd(64, '0').slice(0, 64)}`;
}
