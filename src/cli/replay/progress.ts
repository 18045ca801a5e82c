// How far a replay has come: a bar that is drawn over on a terminal, elsewhere a line every ten seconds.

import type { Clock } from '../../runtime/clock.ts';
import type { Output } from '../command-context.ts';
import { count, everyTick, minutes } from '../ticker.ts';

export interface Progress {
  /** Writes a line of its own, above the bar. */
  say(line: string): void;
  /** Shows how far it is, until the signal. */
  run(signal: AbortSignal): Promise<void>;
}

export interface SoFar {
  readonly read: number;
  readonly replayed: number;
  readonly bytes: number;
}

export interface ProgressOptions {
  readonly output: Output;
  readonly clock: Clock;
  /** Of all files; undefined when that is not known beforehand. */
  readonly totalBytes: number | undefined;
  readonly soFar: () => SoFar;
}

const drawEveryMs = 250;
const lineEveryMs = 10_000;
const barWidth = 20;
const clearLine = '\r\x1b[2K';

export function progress({ output, clock, totalBytes, soFar }: ProgressOptions): Progress {
  const isTerminal = output.isTTY === true;
  const startMs = clock.steady();
  const line = (): string => progressLine(soFar(), totalBytes, clock.steady() - startMs);
  return {
    say: (text) => void output.write(`${isTerminal ? clearLine : ''}${text}\n`),
    async run(signal) {
      const draw = (): void =>
        void output.write(isTerminal ? `${clearLine}${line().slice(0, (output.columns ?? 80) - 1)}` : `${line()}\n`);
      await everyTick(clock, isTerminal ? drawEveryMs : lineEveryMs, signal, draw);
      if (isTerminal) output.write(clearLine);
    },
  };
}

function progressLine({ read, replayed, bytes }: SoFar, totalBytes: number | undefined, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (read / elapsedMs) * 1000 : 0;
  const counts = `${count(read)} read, ${count(replayed)} replayed   ${count(rate)}/s`;
  if (totalBytes === undefined || totalBytes === 0) return counts;
  const share = Math.min(1, bytes / totalBytes);
  const done = Math.round(share * barWidth);
  const left = share > 0 ? `   ${minutes((elapsedMs * (1 - share)) / share)} left` : '';
  return `[${'='.repeat(done)}${' '.repeat(barWidth - done)}] ${String(Math.floor(share * 100)).padStart(3)} %   ${counts}${left}`;
}
