// What a demo needs around it: a simulated Catchpoint, an OpenTSDB, and between them the real bridge.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../../config/config.ts';
import type { ProcessContext } from '../../daemon/process-context.ts';
import { type Daemon, startDaemon } from '../../daemon/daemon.ts';
import { account } from '../../simulator/rest/account.ts';
import { agents, type Agents } from '../../simulator/agents/agents.ts';
import { incidents, type Incidents } from '../../simulator/runs/incidents.ts';
import { openRestApi } from '../../simulator/rest/rest-api.ts';
import { simulatedTests } from '../../simulator/runs/tests.ts';
import { openTsd } from '../../simulator/tsd/tsd.ts';
import { world } from '../../simulator/world/world.ts';
import type { SimulatedNode } from '../../simulator/world/world-node.ts';
import { demoTable, type DemoTable } from './demo-table.ts';

export interface DemoSetupOptions extends ProcessContext {
  /** Pushes a second. */
  readonly rate: number;
  /** How many nodes. */
  readonly nodes: number;
  /** A real OpenTSDB in place of the one that is built in, in any of the ways that --tsdb-host and --tsdb-port take. */
  readonly tsdb?: { readonly host: string; readonly port?: number };
}

export interface DemoSetup {
  readonly catchpointUrl: string;
  readonly nodes: readonly SimulatedNode[];
  readonly agents: Agents;
  readonly incidents: Incidents;
  readonly daemon: Daemon;
  /** Without credentials. */
  readonly tsdbUrl: string;
  /** What the built-in OpenTSDB was given; undefined with a real one. */
  readonly board: DemoTable | undefined;
}

/** What is to be closed at the end; the last one opened is closed first. */
export type Releases = (() => Promise<unknown>)[];

/** So that something happens soon. */
const incidentGapMs = 20_000;

/** Opens everything on free ports of loopback, with the bridge's state in a temporary directory. */
export async function openDemoSetup(options: DemoSetupOptions, releases: Releases): Promise<DemoSetup> {
  const { clock, random, rate, tsdb } = options;
  const nodes = world({ count: options.nodes });
  const tests = simulatedTests();
  const board = tsdb === undefined ? demoTable(tests) : undefined;
  const api = await openRestApi({ ...account, clock, nodes });
  releases.push(api.close);
  const chosenTsdb = tsdb ?? { host: await builtInTsdb(board, releases) };
  const stateDir = await mkdtemp(join(tmpdir(), 'catchpoint-demo-'));
  releases.push(() => rm(stateDir, { recursive: true, force: true }));
  const config = configOf(api.url, chosenTsdb, stateDir);
  const daemon = await startDaemon(config, options);
  // By the time it is stopped, what waits has been waited for.
  releases.push(() => daemon.stop({ hurry: AbortSignal.abort() }));
  const happenings = incidents({ nodes, random, gapMs: incidentGapMs });
  const pushing = agents({ target: daemon.pushUrl, tests, nodes, rate, clock, random, incidents: happenings });
  return {
    catchpointUrl: api.url,
    nodes,
    agents: pushing,
    incidents: happenings,
    daemon,
    tsdbUrl: shownUrls(config),
    board,
  };
}

async function builtInTsdb(board: DemoTable | undefined, releases: Releases): Promise<string> {
  const tsd = await openTsd({ onPoint: (point) => board?.take(point), rememberedPoints: 1000 });
  releases.push(tsd.close);
  return tsd.url;
}

/** The product's own defaults, but for its addresses and its place. */
function configOf(
  catchpointUrl: string,
  { host, port }: NonNullable<DemoSetupOptions['tsdb']>,
  stateDir: string,
): Config {
  const tsdb = { tsdbHost: host, ...(port === undefined ? {} : { tsdbPort: String(port) }) };
  const flags = {
    ...tsdb,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    catchpointUrl,
    apiKey: account.apiKey,
    stateDir,
  };
  const nothing = { env: {}, readFile: () => '', canWriteIn: () => true };
  return readConfig({ flags, ...nothing }, { needsNodes: true }).config;
}

function shownUrls({ tsdb }: Config): string {
  return tsdb.urls
    .map((url) => Object.assign(new URL(url), { username: '', password: '' }).href.replace(/\/$/, ''))
    .join(', ');
}
