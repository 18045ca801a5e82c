// The progress of a replay: a bar on a terminal, elsewhere a line every ten seconds.

import type { Clock } from '../../runtime/clock.ts';
import type { Output } from '../command-context.ts';
import { everyInterval } from '../interval.ts';
import { formatCount, formatMinutes } from '../terminal-text.ts';

export interface Progress {
  /** Writes a line, on a terminal above the bar. */
  writeLine(line: string): void;
  /** Shows the progress until the signal. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ProgressState {
  readonly read: number;
  readonly replayed: number;
  readonly bytes: number;
}

export interface ProgressOptions {
  readonly output: Output;
  readonly clock: Clock;
  /** The size of all input; undefined with standard input. */
  readonly totalBytes: number | undefined;
  readonly current: () => ProgressState;
}

const drawEveryMs = 250;
const lineEveryMs = 10_000;
const barWidth = 20;
const clearLine = '\r\x1b[2K';

export function progress({ output, clock, totalBytes, current }: ProgressOptions): Progress {
  const isTerminal = output.isTTY === true;
  const startMs = clock.steady();
  function draw(): void {
    const line = progressLine(current(), totalBytes, clock.steady() - startMs);
    output.write(isTerminal ? `${clearLine}${line.slice(0, (output.columns ?? 80) - 1)}` : `${line}\n`);
  }
  return {
    writeLine: (line) => void output.write(`${isTerminal ? clearLine : ''}${line}\n`),
    async run(signal) {
      await everyInterval(clock, isTerminal ? drawEveryMs : lineEveryMs, signal, draw);
      if (isTerminal) output.write(clearLine);
    },
  };
}

function progressLine(
  { read, replayed, bytes }: ProgressState,
  totalBytes: number | undefined,
  elapsedMs: number,
): string {
  const rate = elapsedMs > 0 ? (read / elapsedMs) * 1000 : 0;
  const counts = `${formatCount(read)} read, ${formatCount(replayed)} replayed   ${formatCount(rate)}/s`;
  if (totalBytes === undefined || totalBytes === 0) return counts;
  const share = Math.min(1, bytes / totalBytes);
  const bar = '='.repeat(Math.round(share * barWidth)).padEnd(barWidth);
  const left = share > 0 ? `   ${formatMinutes((elapsedMs * (1 - share)) / share)} left` : '';
  return `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %   ${counts}${left}`;
}
