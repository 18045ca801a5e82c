// Logs the positions of sinks soon after they move. After a crash, the points of the last 50 ms are delivered again.

import type { Clock } from '../../runtime/clock.ts';
import type { Change } from '../state/change.ts';
import type { Position } from './position.ts';

export interface PositionWriter {
  /** Schedules the position of a sink to be logged. */
  moved(sink: string): void;
  /** Logs the positions that have moved. */
  write(): void;
  close(): void;
}

const delayMs = 50;

export function positionWriter(
  clock: Pick<Clock, 'sleep'>,
  positions: () => ReadonlyMap<string, Position>,
  append: (change: Change) => void,
): PositionWriter {
  const moved = new Set<string>();
  const stop = new AbortController();
  let isWaiting = false;

  function write(): void {
    const current = positions();
    const changed = [...moved].flatMap((sink) => {
      const position = current.get(sink);
      return position === undefined ? [] : [[sink, position] as const];
    });
    moved.clear();
    if (changed.length === 0 || stop.signal.aborted) return;
    try {
      append({ positions: Object.fromEntries(changed) });
    } catch {
      // On a full disk they are in the next checkpoint.
      for (const [sink] of changed) moved.add(sink);
    }
  }

  async function writeSoon(): Promise<void> {
    if (isWaiting) return;
    isWaiting = true;
    await clock.sleep(delayMs, { signal: stop.signal }).catch(() => undefined);
    isWaiting = false;
    write();
  }

  return {
    moved(sink) {
      moved.add(sink);
      void writeSoon();
    },
    write,
    close: () => stop.abort(),
  };
}
