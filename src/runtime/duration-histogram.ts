// A histogram of durations. Recording a duration is cheap enough to do for every push.

/** The form of a Prometheus histogram. */
export interface DurationSnapshot {
  /** Upper bounds of the buckets, ascending. A longer duration is only in `count`. */
  readonly boundsSeconds: readonly number[];
  /** Cumulative counts: durations up to the bound at the same index. */
  readonly atMost: readonly number[];
  readonly count: number;
  readonly sumSeconds: number;
}

export interface DurationHistogram {
  add(ms: number): void;
  snapshot(): DurationSnapshot;
}

/** Catchpoint gives up after 20 s. */
const defaultBoundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] as const;

export function durationHistogram(boundsSeconds: readonly number[] = defaultBoundsSeconds): DurationHistogram {
  const boundsMs = boundsSeconds.map((seconds) => seconds * 1000);
  /** One bucket for each bound, and one for longer durations. */
  const counts = new Float64Array(boundsMs.length + 1);
  let sumMs = 0;
  return {
    add(ms) {
      let bucket = 0;
      while (bucket < boundsMs.length && ms > (boundsMs[bucket] as number)) bucket += 1;
      counts[bucket] = (counts[bucket] as number) + 1;
      sumMs += ms;
    },
    snapshot() {
      let count = 0;
      const cumulative = Array.from(counts, (each) => (count += each));
      return { boundsSeconds, atMost: cumulative.slice(0, -1), count, sumSeconds: sumMs / 1000 };
    },
  };
}
