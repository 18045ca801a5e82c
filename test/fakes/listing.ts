// A node listing from the simulated REST APIs.

import type { ExecutionContext } from 'ava';
import { silentLog } from '../../src/runtime/log.ts';
import type { SimulatedNode } from '../../src/simulator/world/world-node.ts';
import type { Listing, NodeSourceOptions } from '../../src/sources/catchpoint/nodes/listing.ts';
import { nodeListing } from '../../src/sources/catchpoint/nodes/node-source.ts';
import { account, type FakeCatchpoint, fakeCatchpoint, world } from './catchpoint.ts';
import { temporaryDirectory } from './directory.ts';
import { untilSettled } from './passing-time.ts';
import { type MovableClock, movableClock } from './time.ts';

export const keyAndSecret = { apiKey: undefined, key: account.key, secret: account.secret };
export const both = { ...keyAndSecret, apiKey: account.apiKey };

export interface TriedListing {
  readonly api: FakeCatchpoint;
  readonly clock: MovableClock;
  readonly stateDir: string;
  /** Have an API key alone. */
  readonly options: NodeSourceOptions;
  /** Lists as after a start of the program, and advances the clock meanwhile. */
  list(credentials?: Partial<NodeSourceOptions>, signal?: AbortSignal): Promise<Listing>;
  /** The requested paths, shortened: `/v2/nodes/all?pageNumber=1`. */
  paths(): string[];
}

export async function triedListing(
  t: ExecutionContext,
  nodes: readonly SimulatedNode[] = world(12),
): Promise<TriedListing> {
  const clock = movableClock();
  const api = await fakeCatchpoint(t, { clock, nodes });
  const stateDir = await temporaryDirectory(t);
  const options: NodeSourceOptions = {
    apiKey: account.apiKey,
    key: undefined,
    secret: undefined,
    url: api.url,
    nodesFile: undefined,
    stateDir,
    clock,
    random: () => 0.5,
    log: silentLog(),
  };
  return {
    api,
    clock,
    stateDir,
    options,
    list: (credentials = {}, signal = new AbortController().signal) =>
      untilSettled(clock, nodeListing({ ...options, ...credentials })(signal), 1000),
    paths: () => api.calls.map(({ path }) => path.replace(/&pageSize=100$/, '').replace(/^\/(ui\/)?api/, '')),
  };
}

/** Returns the largest number of calls within any window of `perMs`. */
export function most(times: readonly number[], perMs: number): number {
  return Math.max(...times.map((fromMs) => times.filter((atMs) => atMs >= fromMs && atMs < fromMs + perMs).length));
}
