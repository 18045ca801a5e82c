// The simulated agents: each node runs each test at its frequency and pushes the result, by Catchpoint's rules of delivery.

import type { Clock } from '../../runtime/clock.ts';
import { delivery, type Delivery, type DeliveryStatus } from './delivery.ts';
import { calm, type Incidents } from '../runs/incidents.ts';
import { pauses } from './pauses.ts';
import { poster, type Post } from './post.ts';
import { pushText } from '../runs/push-body.ts';
import { templateText } from '../runs/push-template.ts';
import { runOf } from '../runs/run.ts';
import type { SimulatedTest } from '../runs/tests.ts';
import { runsPerSecond, timeline, type DueRun } from './timeline.ts';
import type { SimulatedNode } from '../world/world-node.ts';

export interface AgentsOptions {
  /** Where they push to: an http or https URL. */
  readonly target: string;
  readonly tests: readonly SimulatedTest[];
  /** Inactive ones run nothing. */
  readonly nodes: readonly SimulatedNode[];
  /** Runs a second, all agents together; the time between the runs and between tries shrinks to fit. */
  readonly rate: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly incidents?: Incidents;
  /** Pushes the bridge's own template in place of Catchpoint's default JSON. */
  readonly template?: boolean;
  /** A connection for each push. */
  readonly freshConnections?: boolean;
  /** Bound on the pushes under way at once; default 500. */
  readonly maxInFlight?: number;
  /** Takes the place of HTTP, in tests. */
  readonly post?: Post;
}

export interface AgentsStatus extends DeliveryStatus {
  readonly inFlight: number;
}

export interface Agents {
  /** How many times faster than in earnest the time goes by. */
  readonly compression: number;
  /** Pushes until the signal aborts; then waits a moment for the answers that are under way. */
  run(signal: AbortSignal): Promise<void>;
  status(): AgentsStatus;
}

/** How long after the end answers are waited for. */
const graceMs = 2000;
/** Behind by more than this, the agents let the missed time go rather than make up for it. */
const maxLagMs = 1000;
/** After so many pushes at a stretch, answers are let in. */
const pushesAtAStretch = 8;

/**
 * @throws TypeError when the target is no URL
 * @throws RangeError when the rate is not positive, or when there is no test or no active node
 */
export function agents(options: AgentsOptions): Agents {
  const { target, tests, clock, freshConnections = false } = options;
  const nodes = options.nodes.filter(({ active }) => active);
  const compression = compressionOf(options.rate, tests, nodes);
  const { post, close } =
    options.post === undefined ? poster(target, { freshConnections }) : { post: options.post, close: () => {} };
  const pushes = delivery({ post, clock, compression });
  const inFlight = new Set<Promise<void>>();
  return {
    compression,
    async run(signal) {
      const runs = timeline({ tests, nodes, compression, random: options.random });
      await pushUntil(signal, { ...options, pushes, runs, inFlight, bodyOf: bodies(options) });
      const answered = new AbortController();
      clock.sleep(graceMs, { signal: answered.signal }).then(pushes.abort, () => {});
      await Promise.all(inFlight);
      answered.abort();
      close();
    },
    status: () => ({ ...pushes.status(), inFlight: inFlight.size }),
  };
}

function compressionOf(rate: number, tests: readonly SimulatedTest[], nodes: readonly SimulatedNode[]): number {
  if (!(rate > 0)) throw new RangeError(`rate: expected a number above 0, found ${rate}`);
  if (tests.length === 0 || nodes.length === 0) throw new RangeError('there is no test or no active node to run');
  return rate / runsPerSecond(tests, nodes);
}

/** Makes bodies of runs that take place now; no two runs of one test at one node fall on the same millisecond. */
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

interface Work {
  readonly clock: Clock;
  readonly pushes: Delivery;
  readonly runs: Generator<DueRun, never>;
  readonly bodyOf: (due: DueRun) => string;
  readonly inFlight: Set<Promise<void>>;
  readonly maxInFlight?: number;
}

async function pushUntil(
  signal: AbortSignal,
  { clock, pushes, runs, bodyOf, inFlight, maxInFlight = 500 }: Work,
): Promise<void> {
  const pause = pauses(clock, signal);
  let stretch = 0;
  function launch(push: Parameters<Delivery['attempt']>[0]): void {
    stretch += 1;
    const attempt = pushes.attempt(push).finally(() => {
      inFlight.delete(attempt);
      pause.check();
    });
    inFlight.add(attempt);
  }

  let startMs = clock.steady();
  let next = runs.next().value;
  while (!signal.aborted) {
    const nowMs = clock.steady();
    const retry = pushes.soonest();
    const runAtMs = startMs + next.atMs;
    if (stretch >= pushesAtAStretch) {
      stretch = 0;
      await pause.until(() => false, 0);
    } else if (inFlight.size >= maxInFlight) {
      await pause.until(() => inFlight.size < maxInFlight);
    } else if (retry !== undefined && retry.dueMs <= nowMs) {
      pushes.takeSoonest();
      launch(retry);
    } else if (runAtMs <= nowMs) {
      startMs += Math.max(0, nowMs - runAtMs - maxLagMs);
      launch(bodyOf(next));
      next = runs.next().value;
    } else {
      stretch = 0;
      const wakeAtMs = Math.min(runAtMs, retry?.dueMs ?? Infinity);
      await pause.until(() => (pushes.soonest()?.dueMs ?? Infinity) < wakeAtMs, Math.ceil(wakeAtMs - nowMs));
    }
  }
}
