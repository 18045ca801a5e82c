// A well-behaved sender beside one that is not: from an address of its own, a connection a push. Every 200 that it sees is an
// obligation like any other.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { pusher } from './pusher.ts';
import type { Form } from './scenario.ts';
import type { Stage } from './stage.ts';

/** What it saw. */
export interface Seen {
  readonly pushes: number;
  /** Answered 200, of 1. */
  readonly share: number;
  readonly p99Ms: number;
  /** How late the event loop of the harness itself was, which these pushes share with those who misbehave (p99). */
  readonly lateMs: number;
  readonly answers: Readonly<Record<string, number>>;
}

export interface BystanderOptions {
  readonly agents?: number;
  /** Pushes a second. */
  readonly rate?: number;
  /** Appended to the bridge's URL, such as a token. */
  readonly path?: string;
}

/** Pushes until the other thing has ended. */
export async function beside<T>(
  stage: Stage,
  other: () => Promise<T>,
  options: BystanderOptions = {},
): Promise<{ readonly seen: Seen; readonly came: T }> {
  const { agents = 4, rate = 50, path = '' } = options;
  const { runs, ledger, random, steady, bridge } = stage;
  const url = (): string | undefined => (bridge.pushUrl() === undefined ? undefined : `${bridge.pushUrl()}${path}`);
  const good = pusher({ url, runs, ledger, random, steady, from: '127.0.0.2', freshConnections: true });
  const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
  lag.enable();
  good.start({ agents, rate });
  try {
    const came = await other();
    await good.stop();
    const { answers, p99Ms } = good.figures();
    const lateMs = Math.max(0, lag.percentile(99) / 1e6 - lagResolutionMs);
    const pushes = Object.values(answers).reduce((sum, times) => sum + times, 0);
    return { came, seen: { pushes, share: (answers['200'] ?? 0) / Math.max(1, pushes), p99Ms, lateMs, answers } };
  } finally {
    lag.disable();
    good.close();
  }
}

export function words({ pushes, share, p99Ms }: Seen): string {
  return `${pushes} pushes beside it, ${(share * 100).toFixed(share === 1 ? 0 : 2)} % answered 200, p99 ${p99Ms.toFixed(0)} ms`;
}

const lagResolutionMs = 5;
/** How long it is looked at without the others, before they come and after they have gone. */
const aloneMs = { short: 2_000, long: 10_000 };
/** Below this the machine's own jitter is measured. */
const floorMs = 50;
/** In the short form, whose machine may be slow and shared: no push is answered later, whatever happens. */
const shortBarMs = 20_000;

export interface Attack<T> {
  readonly came: T;
  readonly seen: Seen;
  /** The same pushes by themselves in the same run: the worse of before and after. */
  readonly alone: Seen;
  /** p99 at most: twice of what it was alone, and what the harness itself was later than then. */
  readonly barMs: number;
}

/** Pushes alone, beside the other thing, and alone again. */
export async function compared<T>(
  stage: Stage,
  form: Form,
  other: () => Promise<T>,
  options: BystanderOptions = {},
): Promise<Attack<T>> {
  const byItself = async (): Promise<Seen> => (await beside(stage, () => pause(aloneMs[form]), options)).seen;
  const before = await byItself();
  const { came, seen } = await beside(stage, other, options);
  const after = await byItself();
  const alone = before.p99Ms > after.p99Ms ? before : after;
  return {
    came,
    seen,
    alone,
    barMs: form === 'short' ? shortBarMs : Math.max(2 * alone.p99Ms, floorMs) + Math.max(0, seen.lateMs - alone.lateMs),
  };
}

/** For the table. */
export function comparison({ seen, alone }: Attack<unknown>): string {
  return `${words(seen)} (alone ${alone.p99Ms.toFixed(0)} ms; the harness itself was ${seen.lateMs.toFixed(0)} ms late, alone ${alone.lateMs.toFixed(0)} ms)`;
}

/** Empty when everything was taken, and in time. */
export function disturbed(what: string, { share, p99Ms, pushes, answers }: Seen, p99BarMs: number): string[] {
  return [
    ...(pushes === 0 ? [`${what}: nothing was pushed beside it`] : []),
    ...(share < 1
      ? [`${what}: of the pushes beside it ${(share * 100).toFixed(2)} % were answered 200: ${JSON.stringify(answers)}`]
      : []),
    ...(p99Ms > p99BarMs
      ? [`${what}: p99 of the pushes beside it ${p99Ms.toFixed(0)} ms (at most ${p99BarMs.toFixed(0)})`]
      : []),
  ];
}
