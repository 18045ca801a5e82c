// The stage of a fault: generator, bridge, receiver and ledger, connected and with one seed.

import type { ExecutionContext } from 'ava';
import { setTimeout as pause } from 'node:timers/promises';
import { seeded } from '../../src/simulator/seeded.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { bridgeProcess, type BridgeProcess } from './bridge-process.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { pusher, type Pusher } from './pusher.ts';
import { openReceiver, type Receiver } from './receiver.ts';
import { type Runs, runsOf } from './runs.ts';

/** Closes what was opened; a test, or the long form. */
export type Closing = Pick<ExecutionContext, 'teardown'>;

export interface Stage {
  readonly seed: number;
  readonly random: () => number;
  /** A monotonic clock, in ms. */
  readonly steady: () => number;
  readonly stateDir: string;
  readonly runs: Runs;
  readonly ledger: Ledger;
  readonly receiver: Receiver;
  readonly bridge: BridgeProcess;
  readonly pusher: Pusher;
  /** Starts the bridge, and resolves once it knows its nodes. */
  begin(): Promise<void>;
}

export interface StageOptions {
  readonly seed: number;
  readonly closing: Closing;
  /** More flags than the stage's. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Appended to the push URL, such as a token. */
  readonly path?: string;
  /** The flags for the source of nodes; default: the file of the golden nodes. */
  readonly nodes?: readonly string[];
  /** Default: a new directory. */
  readonly stateDir?: string;
  /** The receiver creates unknown metrics; default true. */
  readonly autoCreateMetrics?: boolean;
  /** Others push as well, and the ledger ignores their points. */
  readonly ignoresOthers?: boolean;
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
    ignoresOthers = false,
  } = options;
  // Each has a random stream of its own, since the order of their draws depends on the machine's speed.
  const [random, ofReceiver, ofPusher] = [seeded(seed), seeded(seed + 1), seeded(seed + 2)];
  const steady = (): number => performance.now();
  const runs = runsOf(seed);
  const ledger = openLedger(runs, { ignoresOthers });
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

/** Polls; resolves with true once the condition holds, with false after the timeout. */
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

/** @throws Error after the timeout */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  { withinMs, what }: { withinMs: number; what: string },
): Promise<void> {
  if (!(await becomes(isSo, withinMs))) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
}
