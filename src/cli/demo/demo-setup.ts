// Opens the parts of `demo`: a simulated Catchpoint, perhaps a Docker Engine, an OpenTSDB, and the real bridge between them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../../config/config.ts';
import type { DataPoint } from '../../model/point.ts';
import { type Daemon, startDaemon } from '../../daemon/daemon.ts';
import type { ProcessContext } from '../../daemon/process-context.ts';
import { agents, type Agents } from '../../simulator/agents/agents.ts';
import { demoContainers } from '../../simulator/docker/demo-containers.ts';
import { openSimulatedEngine } from '../../simulator/docker/simulated-engine.ts';
import { account } from '../../simulator/rest/account.ts';
import { openRestApi } from '../../simulator/rest/rest-api.ts';
import { incidents, type Incidents } from '../../simulator/runs/incidents.ts';
import { simulatedTests } from '../../simulator/runs/tests.ts';
import { openTsd } from '../../simulator/tsd/tsd.ts';
import type { SimulatedNode } from '../../simulator/world/world-node.ts';
import { world } from '../../simulator/world/world.ts';
import { demoTable, type DemoTable } from './demo-table.ts';
import { dockerTable, type DockerTable } from './docker-table.ts';

/** The forms of --tsdb-host and --tsdb-port. */
interface TsdbFlags {
  readonly host: string;
  readonly port?: number;
}

export interface DemoSetupOptions extends ProcessContext {
  /** Pushes a second. */
  readonly rate: number;
  readonly nodes: number;
  /** A real OpenTSDB; default: the simulated one. */
  readonly tsdb?: TsdbFlags;
  /** Also polls a simulated Docker Engine. */
  readonly hasDocker?: boolean;
}

/** The simulated Docker Engine. */
export interface DemoDocker {
  readonly url: string;
  readonly containers: number;
  /** Its containers in the simulated OpenTSDB. */
  readonly table: DockerTable;
}

export interface DemoSetup {
  readonly catchpointUrl: string;
  readonly nodes: readonly SimulatedNode[];
  readonly agents: Agents;
  readonly incidents: Incidents;
  readonly daemon: Daemon;
  /** Without user and password. */
  readonly tsdbUrl: string;
  /** The points of the simulated OpenTSDB; undefined with a real one. */
  readonly table: DemoTable | undefined;
  /** Undefined without --docker. */
  readonly docker: DemoDocker | undefined;
}

/** Functions to call at the end, the last one first. */
export type Releases = (() => Promise<unknown>)[];

/** Short, so that the first table has per cents and rates. */
const dockerPoll = '2s';
/** Short, so that a demo has incidents. */
const incidentGapMs = 20_000;

/** Listens on free ports of loopback, with the state in a temporary directory. */
export async function openDemoSetup(options: DemoSetupOptions, releases: Releases): Promise<DemoSetup> {
  const { clock, random, rate } = options;
  const nodes = world({ count: options.nodes });
  const tests = simulatedTests();
  const table = options.tsdb === undefined ? demoTable(tests) : undefined;
  const api = await openRestApi({ ...account, clock, nodes });
  releases.push(api.close);
  const docker = options.hasDocker === true ? await openDemoDocker(options, releases) : undefined;
  const onPoint = (point: DataPoint): void => {
    table?.add(point);
    docker?.table.add(point);
  };
  const tsdb = options.tsdb ?? { host: await openSimulatedTsd(onPoint, releases) };
  const stateDir = await mkdtemp(join(tmpdir(), 'catchpoint-demo-'));
  releases.push(() => rm(stateDir, { recursive: true, force: true }));
  const config = configOf({ catchpointUrl: api.url, tsdb, stateDir, dockerUrl: docker?.url });
  const daemon = await startDaemon(config, options);
  // The demo has waited for the backlog already.
  releases.push(() => daemon.stop({ hurry: AbortSignal.abort() }));
  const events = incidents({ nodes, random, gapMs: incidentGapMs });
  return {
    catchpointUrl: api.url,
    nodes,
    agents: agents({ target: daemon.pushUrl, tests, nodes, rate, clock, random, incidents: events }),
    incidents: events,
    daemon,
    tsdbUrl: urlsWithoutUser(config),
    table,
    docker,
  };
}

async function openDemoDocker({ clock, random }: DemoSetupOptions, releases: Releases): Promise<DemoDocker> {
  const containers = demoContainers();
  const engine = await openSimulatedEngine({ clock, random, containers });
  releases.push(engine.close);
  return { url: engine.url, containers: containers.length, table: dockerTable() };
}

async function openSimulatedTsd(onPoint: (point: DataPoint) => void, releases: Releases): Promise<string> {
  const tsd = await openTsd({ onPoint, rememberedPoints: 1000 });
  releases.push(tsd.close);
  return tsd.url;
}

interface ConfigInput {
  readonly catchpointUrl: string;
  readonly tsdb: TsdbFlags;
  readonly stateDir: string;
  readonly dockerUrl: string | undefined;
}

/** The defaults of the product, except for addresses, the state directory and the interval of polls. */
function configOf({ catchpointUrl, tsdb: { host, port }, stateDir, dockerUrl }: ConfigInput): Config {
  const flags = {
    tsdbHost: host,
    ...(port === undefined ? {} : { tsdbPort: String(port) }),
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    catchpointUrl,
    apiKey: account.apiKey,
    stateDir,
    ...(dockerUrl !== undefined && { docker: dockerUrl, dockerPoll }),
  };
  const machine = { env: {}, readFile: () => '', canWriteIn: () => true };
  return readConfig({ flags, ...machine }, { needsNodes: true }).config;
}

function urlsWithoutUser({ tsdb }: Config): string {
  return tsdb.urls
    .map((url) => Object.assign(new URL(url), { username: '', password: '' }).href.replace(/\/$/, ''))
    .join(', ');
}
