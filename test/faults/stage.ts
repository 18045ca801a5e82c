// The stage on which a fault is played: generator, bridge, receiver and ledger, wired to one another and to one seed.

import type { ExecutionContext } from 'ava';
import { setTimeout as pause } from 'node:timers/promises';
import { seeded } from '../../src/simulator/seeded.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { bridgeProcess, type BridgeProcess } from './bridge-process.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { pusher, type Pusher } from './pusher.ts';
import { openReceiver, type Receiver } from './receiver.ts';
import { type Runs, runsOf } from './runs.ts';

/** Whoever closes what was opened: a test, or the long form. */
export type Closing = Pick<ExecutionContext, 'teardown'>;

export interface Stage {
  readonly seed: number;
  readonly random: () => number;
  /** ms, by a clock that does not jump. */
  readonly steady: () => number;
  readonly stateDir: string;
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly receiver: Receiver;
  readonly bridge: BridgeProcess;
  readonly pusher: Pusher;
  /** Starts the bridge for the first time and waits until it knows its nodes. */
  begin(): Promise<void>;
}

export interface StageOptions {
  readonly seed: number;
  readonly closing: Closing;
  /** Flags beside those that the stage gives. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Appended to the URL to which the stage pushes, such as a token. */
  readonly path?: string;
  /** Where the nodes come from; default: a file of the golden nodes. */
  readonly nodes?: readonly string[];
  /** Where the bridge keeps its state; default: a new directory. */
  readonly stateDir?: string;
  /** Whether the receiver takes metrics that it does not know; default true. */
  readonly autoCreateMetrics?: boolean;
  /** Whether others push as well, so that points of no run of ours are none of the ledger's business. */
  readonly takesStrangers?: boolean;
}

const nodesFile = new URL('../../../test/golden/nodes/v1.json', import.meta.url).pathname;

export async function openStage(options: StageOptions): Promise<Stage> {
  const {
    seed,
    closing,
    args = [],
    env = {},
    path = '',
    nodes = ['--nodes-file', nodesFile],
    autoCreateMetrics = true,
    takesStrangers = false,
  } = options;
  // Each has a stream of its own: the order in which they draw depends on the machine's speed.
  const [random, ofReceiver, ofPusher] = [seeded(seed), seeded(seed + 1), seeded(seed + 2)];
  const steady = (): number => performance.now();
  const runs = runsOf(seed);
  const ledger = openLedger(runs, { takesStrangers });
  const receiver = await openReceiver({ ledger, random: ofReceiver, steady, autoCreateMetrics });
  closing.teardown(() => receiver.close());
  const stateDir = options.stateDir ?? (await temporaryDirectory(closing));
  const bridge = bridgeProcess({
    closing,
    stateDir,
    env,
    steady,
    onDeath: () => ledger.disturbed(steady()),
    args: ['-t', '127.0.0.1', '-p', String(receiver.port), '--resolution', 'ms', ...nodes, ...args],
  });
  const agents = pusher({ url: () => bridge.pushUrl()?.concat(path), runs, ledger, random: ofPusher, steady });
  closing.teardown(() => agents.close());
  return {
    seed,
    random,
    steady,
    stateDir,
    runs,
    ledger,
    receiver,
    bridge,
    pusher: agents,
    async begin() {
      await bridge.start();
      await until(async () => ((await bridge.status())?.nodes.known ?? 0) > 0, {
        withinMs: 1e4,
        what: 'the bridge knows its nodes',
      });
    },
  };
}

/** Asks again and again; true as soon as it is so, false when the time is over. */
export async function becomes(
  isSo: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 10,
): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > untilMs) return false;
    await pause(everyMs);
  }
  return true;
}

/** @throws Error when it has not become so in time */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  { withinMs, what }: { withinMs: number; what: string },
): Promise<void> {
  if (!(await becomes(isSo, withinMs))) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
}
