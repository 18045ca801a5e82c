// Writes down where sinks stand, soon after they have moved: a process that is killed writes what came in between once more.

import type { Clock } from '../../runtime/clock.ts';
import type { Change } from '../state/change.ts';
import type { SpoolState } from '../state/state.ts';

export interface PositionWriter {
  /** A sink has finished something of which nothing else need be kept. */
  moved(sink: string): void;
  /** Writes what has moved now. */
  write(): void;
  close(): void;
}

const everyMs = 50;

export function positionWriter(
  clock: Pick<Clock, 'sleep'>,
  append: (change: Change) => void,
  state: () => SpoolState,
): PositionWriter {
  const moved = new Set<string>();
  const stop = new AbortController();
  let isWaiting = false;

  function write(): void {
    const { positions } = state();
    const stands = [...moved].flatMap((sink) => (positions.has(sink) ? [[sink, positions.get(sink)] as const] : []));
    moved.clear();
    if (stands.length === 0 || stop.signal.aborted) return;
    try {
      append({ positions: Object.fromEntries(stands) as NonNullable<Change['positions']> });
    } catch {
      // On a full disk they are in the next checkpoint.
      for (const [sink] of stands) moved.add(sink);
    }
  }

  async function writeSoon(): Promise<void> {
    if (isWaiting) return;
    isWaiting = true;
    await clock.sleep(everyMs, { signal: stop.signal }).catch(() => undefined);
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
