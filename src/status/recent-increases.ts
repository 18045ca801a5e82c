// Increases of counters and growth of the spool over the last five minutes.

export interface CountsAt {
  readonly atMs: number;
  /** Pushes and requests that were not taken, since the start, by cause. */
  readonly notTaken: Readonly<Record<string, number>>;
  /** Dead letters since the start, by kind. */
  readonly letters: Readonly<Record<string, number>>;
  /** In the spool. */
  readonly waitingBytes: number;
}

/** Causes and kinds without an increase are left out. */
export interface RecentIncreases {
  readonly minutes: number;
  readonly notTaken: Readonly<Record<string, number>>;
  readonly letters: Readonly<Record<string, number>>;
  /** Bytes a second, negative while the spool empties; 0 during the first minute. */
  readonly spoolGrowthPerS: number;
}

const minutes = 5;
const everyMs = 5000;
const minGrowthMs = 60_000;

/** Returns a function to be called every second, which compares with the earliest counts of the last five minutes. */
export function recentIncreases(): (now: CountsAt) => RecentIncreases {
  const kept: CountsAt[] = [];
  return (now) => {
    const last = kept.at(-1);
    // After the clock was set back, times cannot be compared.
    if (last !== undefined && now.atMs < last.atMs) kept.length = 0;
    if (last === undefined || kept.length === 0 || now.atMs - last.atMs >= everyMs) kept.push(now);
    while (kept.length > 1 && now.atMs - (kept[0] as CountsAt).atMs > minutes * 60_000) kept.shift();
    const first = kept[0] as CountsAt;
    const overMs = now.atMs - first.atMs;
    return {
      minutes,
      notTaken: increases(first.notTaken, now.notTaken),
      letters: increases(first.letters, now.letters),
      spoolGrowthPerS: overMs < minGrowthMs ? 0 : Math.round(((now.waitingBytes - first.waitingBytes) / overMs) * 1000),
    };
  };
}

function increases(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const added = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(added.filter(([, count]) => count > 0));
}
