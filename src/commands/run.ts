// `run`: the bridge itself, until it is told to stop.

import type { Config } from '../config.ts';
import { type Ambient, type Daemon, startDaemon } from '../daemon.ts';

export interface RunSignals {
  /** Ends the run; what is in hand is finished first. */
  readonly stop: AbortSignal;
  /** Ends that, too. */
  readonly hurry: AbortSignal;
}

/**
 * Runs the bridge and resolves when it has stopped.
 *
 * @throws what the daemon could not start for, with an `exitCode` where it knows one
 */
export async function run(
  config: Config,
  ambient: Ambient,
  { stop, hurry }: RunSignals,
  start: (config: Config, ambient: Ambient) => Promise<Daemon> = startDaemon,
): Promise<void> {
  const { log } = ambient;
  const daemon = await start(config, ambient);
  log.info({ push: daemon.pushUrl, admin: daemon.adminUrl, stateDir: config.stateDir }, 'ready');
  await aborted(stop);
  log.info('stopping: what is in hand is finished; a second signal hurries');
  await daemon.stop({ hurry });
  log.info('stopped');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
