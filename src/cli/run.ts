// `run`: the bridge itself, until it is told to stop.

import type { Config } from '../config/config.ts';
import type { ProcessContext } from '../daemon/process-context.ts';
import { type Daemon, startDaemon } from '../daemon/daemon.ts';
import type { SystemdNotify } from '../daemon/systemd-notify.ts';
import { warmUp } from '../daemon/warm-up.ts';
import type { CommandContext } from './command-context.ts';

export interface RunSignals {
  /** Ends the run; what is in hand is finished first. */
  readonly stop: AbortSignal;
  /** Ends that, too. */
  readonly hurry: AbortSignal;
  /** Calls the listener when the configuration is to be read anew. */
  readonly onHangup?: CommandContext['onHangup'];
}

/** A bridge that cannot go on is given so long to answer what is in hand, and so long to stop. */
const answersMs = 200;
const lastWordsMs = 500;

/** What is needed soon is not read in while the first pushes wait. */
const firstPushesMs = 1000;

/**
 * Runs the bridge and resolves when it has stopped.
 *
 * @throws what the daemon could not start for or could not go on for, with an `exitCode` where it knows one
 */
export async function run(
  config: Config,
  ambient: ProcessContext,
  { stop, hurry, onHangup }: RunSignals,
  manager: SystemdNotify,
  start: (config: Config, ambient: ProcessContext) => Promise<Daemon> = startDaemon,
): Promise<void> {
  const { log, clock, reloading } = ambient;
  const starting = start(config, ambient);
  // What went wrong stands in the log; before the start is over there is nothing to change.
  onHangup?.(() => void starting.then(() => reloading?.reload()).catch(() => {}));
  const daemon = await starting;
  const watching = new AbortController();
  void reloading?.watch(AbortSignal.any([stop, watching.signal]));
  log.info(
    { push: daemon.pushUrl, backstop: daemon.backstopUrl, admin: daemon.adminUrl, stateDir: config.stateDir },
    'ready',
  );
  const told = manager.ready(`takes pushes at ${daemon.pushUrl}, second listener ${daemon.adminUrl}`);
  void clock.sleep(firstPushesMs, { signal: AbortSignal.any([stop, watching.signal]) }).then(
    () => warmUp(log),
    () => {},
  );
  const failure = await Promise.race([aborted(stop), daemon.failed]);
  watching.abort();
  if (failure !== undefined) {
    log.error({ reason: failure.message }, 'the bridge cannot go on: nothing is acknowledged any more');
    const answered = new AbortController();
    void clock.sleep(answersMs).then(() => answered.abort());
    await Promise.race([daemon.stop({ hurry: answered.signal }).catch(() => {}), clock.sleep(lastWordsMs)]);
    throw failure;
  }
  log.info('stopping: what is in hand is finished; a second signal hurries');
  await Promise.all([daemon.stop({ hurry }), told.then(manager.stopping)]);
  log.info('stopped');
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
