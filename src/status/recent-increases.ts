// What has been added to counts in the last minutes, and by how much the spool has grown in them.

export interface Moment {
  readonly atMs: number;
  /** Pushes and requests that were not taken, since the start, by cause. */
  readonly notTaken: Readonly<Record<string, number>>;
  /** Dead letters since the start, by kind. */
  readonly letters: Readonly<Record<string, number>>;
  /** In the spool. */
  readonly waitingBytes: number;
}

/** What has come in the last minutes; causes and kinds of which there was nothing are left out. */
export interface RecentIncreases {
  readonly minutes: number;
  readonly notTaken: Readonly<Record<string, number>>;
  readonly letters: Readonly<Record<string, number>>;
  /** Bytes a second; below zero where the spool empties; 0 until a minute is known. */
  readonly spoolGrowthPerS: number;
}

const minutes = 5;
const everyMs = 5000;
const growthNeedsMs = 60_000;

/** Takes in a moment, to be called about every second, and returns what has come since the earliest that is kept. */
export function recentIncreases(): (moment: Moment) => RecentIncreases {
  const kept: Moment[] = [];
  return (moment) => {
    const last = kept.at(-1);
    // A clock that was set back makes everything that is kept meaningless.
    if (last !== undefined && moment.atMs < last.atMs) kept.length = 0;
    if (last === undefined || kept.length === 0 || moment.atMs - last.atMs >= everyMs) kept.push(moment);
    while (kept.length > 1 && moment.atMs - (kept[0] as Moment).atMs > minutes * 60_000) kept.shift();
    const first = kept[0] as Moment;
    const overMs = moment.atMs - first.atMs;
    return {
      minutes,
      notTaken: addedSince(first.notTaken, moment.notTaken),
      letters: addedSince(first.letters, moment.letters),
      spoolGrowthPerS:
        overMs < growthNeedsMs ? 0 : Math.round(((moment.waitingBytes - first.waitingBytes) / overMs) * 1000),
    };
  };
}

function addedSince(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const added = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(added.filter(([, count]) => count > 0));
}
