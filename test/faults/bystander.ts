// A well-behaved sender beside a misbehaving one, from an address of its own and with a connection for each push. Each
// run answered 200 is owed as any other.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { pusher } from './pusher.ts';
import type { Form } from './scenario.ts';
import type { Stage } from './stage.ts';

export interface SenderFigures {
  readonly pushes: number;
  /** The fraction answered 200. */
  readonly share: number;
  readonly p99Ms: number;
  /** The delay of the harness's event loop, which these pushes share with the misbehaving sender (p99). */
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

/** Pushes until `other` ends. */
export async function beside<T>(
  stage: Stage,
  other: () => Promise<T>,
  options: BystanderOptions = {},
): Promise<{ readonly during: SenderFigures; readonly result: T }> {
  const { agents = 4, rate = 50, path = '' } = options;
  const { runs, ledger, random, steady, bridge } = stage;
  const url = (): string | undefined => (bridge.pushUrl() === undefined ? undefined : `${bridge.pushUrl()}${path}`);
  const good = pusher({ url, runs, ledger, random, steady, from: '127.0.0.2', freshConnections: true });
  const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
  lag.enable();
  good.start({ agents, rate });
  try {
    const result = await other();
    await good.stop();
    const { answers, p99Ms } = good.figures();
    const lateMs = Math.max(0, lag.percentile(99) / 1e6 - lagResolutionMs);
    const pushes = Object.values(answers).reduce((sum, times) => sum + times, 0);
    return { result, during: { pushes, share: (answers['200'] ?? 0) / Math.max(1, pushes), p99Ms, lateMs, answers } };
  } finally {
    lag.disable();
    good.close();
  }
}

export function textOf({ pushes, share, p99Ms }: SenderFigures): string {
  return `${pushes} pushes beside it, ${(share * 100).toFixed(share === 1 ? 0 : 2)} % answered 200, p99 ${p99Ms.toFixed(0)} ms`;
}

const lagResolutionMs = 5;
/** The time of the pushes alone, before and after. */
const aloneMs = { short: 2_000, long: 10_000 };
/** A lower time measures the machine's jitter. */
const floorMs = 50;
/** The bound in the short form, which runs on slow and shared machines. */
const shortBarMs = 20_000;

export interface Attack<T> {
  readonly result: T;
  readonly during: SenderFigures;
  /** The same pushes alone: the worse of before and after. */
  readonly alone: SenderFigures;
  /** The bound on p99: twice that of the pushes alone, plus the additional delay of the harness. */
  readonly barMs: number;
}

/** Pushes alone, beside `other`, and alone again. */
export async function compared<T>(
  stage: Stage,
  form: Form,
  other: () => Promise<T>,
  options: BystanderOptions = {},
): Promise<Attack<T>> {
  const byItself = async (): Promise<SenderFigures> =>
    (await beside(stage, () => pause(aloneMs[form]), options)).during;
  const before = await byItself();
  const { result, during } = await beside(stage, other, options);
  const after = await byItself();
  const alone = before.p99Ms > after.p99Ms ? before : after;
  return {
    result,
    during,
    alone,
    barMs:
      form === 'short' ? shortBarMs : Math.max(2 * alone.p99Ms, floorMs) + Math.max(0, during.lateMs - alone.lateMs),
  };
}

export function comparison({ during, alone }: Attack<unknown>): string {
  return `${textOf(during)} (alone ${alone.p99Ms.toFixed(0)} ms; the harness itself was ${during.lateMs.toFixed(0)} ms late, alone ${alone.lateMs.toFixed(0)} ms)`;
}

/** Returns the faults; empty if every push was accepted in time. */
export function disturbed(what: string, { share, p99Ms, pushes, answers }: SenderFigures, p99BarMs: number): string[] {
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
