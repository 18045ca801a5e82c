// Simulates Catchpoint's agents: each node runs each test at its interval and pushes the result.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../runtime/clock.ts';
import { calm, type Incidents } from '../runs/incidents.ts';
import { pushText } from '../runs/push-body.ts';
import { templateText } from '../runs/push-template.ts';
import { runOf } from '../runs/run.ts';
import type { SimulatedTest } from '../runs/tests.ts';
import type { SimulatedNode } from '../world/world-node.ts';
import { delivery, type DeliveryStatus } from './delivery.ts';
import { poster, type Post } from './post.ts';
import { runsPerSecond, timeline, type DueRun } from './timeline.ts';

export interface AgentsOptions {
  /** The http or https URL to push to. */
  readonly target: string;
  readonly tests: readonly SimulatedTest[];
  /** Inactive nodes run nothing. */
  readonly nodes: readonly SimulatedNode[];
  /** Runs per second of all agents. Intervals and retry delays shrink to fit. */
  readonly rate: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly incidents?: Incidents;
  /** Pushes the bridge's own template instead of Catchpoint's default JSON. */
  readonly template?: boolean;
  /** Opens a connection per push. */
  readonly freshConnections?: boolean;
  /** Bounds the pushes in flight; default 500. */
  readonly maxInFlight?: number;
  /** Replaces HTTP in tests. */
  readonly post?: Post;
}

export type AgentsStatus = DeliveryStatus;

export interface Agents {
  /** The factor by which the agents run faster than real time. */
  readonly compression: number;
  /** Pushes until the signal aborts, then waits a moment for the answers in flight. */
  run(signal: AbortSignal): Promise<void>;
  status(): AgentsStatus;
}

const graceMs = 2000;
/** Agents that fall further behind skip the missed time. */
const maxLagMs = 1000;
/** The loop lets answers in after this many pushes without a pause. */
const maxBurst = 8;

/**
 * @throws TypeError if the target is no http or https URL
 * @throws RangeError if the rate is not positive, or there is no test or no active node
 */
export function agents(options: AgentsOptions): Agents {
  const { target, tests, rate, clock, random, freshConnections = false, maxInFlight = 500 } = options;
  const nodes = options.nodes.filter(({ active }) => active);
  if (!(rate > 0)) throw new RangeError(`rate: expected a number above 0, found ${rate}`);
  if (tests.length === 0 || nodes.length === 0) throw new RangeError('there is no test or no active node to run');
  const compression = rate / runsPerSecond(tests, nodes);
  const { post, close } =
    options.post === undefined ? poster(target, freshConnections) : { post: options.post, close: () => {} };
  const pushes = delivery({ post, clock, compression, maxInFlight });
  const bodyOf = bodies(options);

  /** Rejects once the signal aborts. */
  async function push(signal: AbortSignal): Promise<void> {
    let startMs = clock.steady();
    let burst = 0;
    for (const run of timeline({ tests, nodes, compression, random })) {
      const aheadMs = startMs + run.atMs - clock.steady();
      burst = aheadMs > 0 || burst === maxBurst ? 0 : burst;
      if (burst === 0) await clock.sleep(Math.max(1, Math.ceil(aheadMs)), { signal });
      await pushes.untilFree(signal);
      startMs += Math.max(0, clock.steady() - startMs - run.atMs - maxLagMs);
      pushes.deliver(bodyOf(run), signal);
      burst += 1;
    }
  }

  return {
    compression,
    async run(signal) {
      // Every push that waits for a retry listens to it.
      setMaxListeners(0, signal);
      await push(signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      await pushes.drain(graceMs);
      close();
    },
    status: pushes.status,
  };
}

/** Renders runs that take place now. Two runs of a test at a node never have the same millisecond. */
function bodies({ clock, random, incidents = calm, template = false }: AgentsOptions): (due: DueRun) => string {
  const lastMs = new Map<string, number>();
  return ({ test, node }) => {
    const key = `${test.id} ${node.id}`;
    const timeMs = Math.max(Math.floor(clock.now()), (lastMs.get(key) ?? 0) + 1);
    lastMs.set(key, timeMs);
    const run = runOf(test, node, timeMs, { random, incidents });
    return template ? templateText(run) : pushText(run);
  };
}
