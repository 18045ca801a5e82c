// A task that many ask for, and that runs once at a time.

export interface SingleFlight {
  /** Resolves when a run that began after this has ended. */
  ask(): Promise<void>;
  /** Resolves when nothing runs. */
  settled(): Promise<void>;
}

/** Runs a task again for whoever asks while it runs, since what it was asked for may have come behind it. */
export function singleFlight(task: () => Promise<void>): SingleFlight {
  let underway: Promise<void> | undefined;
  let isWantedAgain = false;
  async function run(): Promise<void> {
    do {
      isWantedAgain = false;
      await task();
    } while (isWantedAgain);
  }
  return {
    ask() {
      isWantedAgain = underway !== undefined;
      underway ??= run().finally(() => void (underway = undefined));
      return underway;
    },
    async settled() {
      await underway?.catch(() => undefined);
    },
  };
}
