// Gathers the points of containers as they come, and delivers them in the order of the listing.

import type { DataPoint, Deliver } from '../../model/point.ts';
import type { Clock } from '../../runtime/clock.ts';
import { turns } from '../../runtime/turns.ts';

export interface Gathered {
  /** The place of the container in the listing. */
  readonly index: number;
  readonly container: string;
  readonly points: readonly DataPoint[];
}

export interface Gathering {
  add(gathered: Gathered): void;
  /** Delivers what was added, and resolves when all of it is stored or refused. */
  finish(): Promise<void>;
}

interface GatheringOptions {
  readonly deliver: Deliver;
  /** The interval of polls. */
  readonly pollMs: number;
  /** Ends the wait for other containers. */
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly onStored: (gathered: Gathered) => void;
  readonly onRefused: (gathered: Gathered, error: Error) => void;
}

/**
 * Points wait so long for those of containers before them, or half of the interval if that is less. Engines measure every
 * second, and answer a one-shot request after up to one.
 */
const maxGatherMs = 1500;

/** Makes a delivery of each container: a sink that sends records counts what is sent again by the record. */
export function gathering({ deliver, pollMs, signal, clock, onStored, onRefused }: GatheringOptions): Gathering {
  let waiting: Gathered[] = [];
  const deliveries = new Set<Promise<void>>();
  // The points of many containers come at once, and pushes go on between them.
  const turn = turns();

  async function deliverOne(gathered: Gathered): Promise<void> {
    await turn();
    try {
      await deliver(gathered.points);
    } catch (error) {
      return onRefused(gathered, error as Error);
    }
    onStored(gathered);
  }

  function flush(): void {
    for (const gathered of waiting.toSorted((one, other) => one.index - other.index)) {
      const delivery = deliverOne(gathered).finally(() => deliveries.delete(delivery));
      deliveries.add(delivery);
    }
    waiting = [];
  }

  return {
    add(gathered) {
      waiting.push(gathered);
      if (waiting.length === 1) clock.sleep(Math.min(maxGatherMs, pollMs / 2), { signal }).then(flush, flush);
    },
    async finish() {
      flush();
      await Promise.all(deliveries);
    },
  };
}
