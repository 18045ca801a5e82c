// A part that runs until it is released, with the others in the opposite order of their start.

export interface BackgroundTask {
  /** Aborts when it is released. */
  readonly signal: AbortSignal;
  /** Resolves with what it threw. */
  readonly failed: Promise<Error>;
}

/** Starts a loop, and has it stopped and waited for with the other releases. */
export function runInBackground(
  run: (signal: AbortSignal) => Promise<void>,
  releases: (() => Promise<unknown>)[],
): BackgroundTask {
  const stop = new AbortController();
  const running = run(stop.signal);
  const failed = new Promise<Error>((resolve) => running.catch(resolve));
  releases.push(async () => {
    stop.abort();
    await running.catch(() => {});
  });
  return { signal: stop.signal, failed };
}
