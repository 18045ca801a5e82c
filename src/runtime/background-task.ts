// Runs loops in the background, and releases opened parts in reverse order.

/** The functions that close opened parts. They are called in reverse order. */
export type Releases = (() => Promise<unknown>)[];

export interface BackgroundTask {
  /** Aborts at release. */
  readonly signal: AbortSignal;
  /** Resolves with the error of a loop that rejects; stays pending otherwise. */
  readonly failed: Promise<Error>;
}

/** Starts a loop. Its release aborts the loop's signal and waits for its end. */
export function runInBackground(run: (signal: AbortSignal) => Promise<void>, releases: Releases): BackgroundTask {
  const stop = new AbortController();
  const running = run(stop.signal);
  const failed = new Promise<Error>((resolve) => void running.catch(resolve));
  releases.push(async () => {
    stop.abort();
    await running.catch(() => {});
  });
  return { signal: stop.signal, failed };
}

export async function releaseAll(releases: Releases): Promise<void> {
  for (const release of releases.splice(0).toReversed()) await release();
}
