// How long something took, time after time: counts by upper bounds, as plain numbers, cheap enough for every push.

/** As a Prometheus histogram has it. */
export interface DurationSnapshot {
  /** Ascending; what took longer than the last of them is in `count` alone. */
  readonly boundsSeconds: readonly number[];
  /** How many took at most the bound at the same place, those below it included. */
  readonly atMost: readonly number[];
  readonly count: number;
  readonly sumSeconds: number;
}

export interface DurationHistogram {
  add(ms: number): void;
  seen(): DurationSnapshot;
}

/** From a millisecond to the 20 s after which Catchpoint gives up. */
const usualBoundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] as const;

/** Durations of which none has been seen. */
export function durationHistogram(boundsSeconds: readonly number[] = usualBoundsSeconds): DurationHistogram {
  const boundsMs = boundsSeconds.map((seconds) => seconds * 1000);
  /** One more than there are bounds. */
  const counts = new Float64Array(boundsMs.length + 1);
  let sumMs = 0;
  return {
    add(ms) {
      let place = 0;
      while (place < boundsMs.length && ms > (boundsMs[place] as number)) place += 1;
      counts[place] = (counts[place] as number) + 1;
      sumMs += ms;
    },
    seen() {
      let count = 0;
      const running = Array.from(counts, (each) => (count += each));
      return { boundsSeconds, atMost: running.slice(0, -1), count, sumSeconds: sumMs / 1000 };
    },
  };
}
