// `run`: runs the bridge until a signal or a failure ends it.

import type { Command } from 'commander';
import type { Config, ConfigRead } from '../config/config.ts';
import { reloading } from '../config/reload.ts';
import { type Daemon, startDaemon } from '../daemon/daemon.ts';
import type { ProcessContext } from '../daemon/process-context.ts';
import { type SystemdNotify, systemdNotify } from '../daemon/systemd-notify.ts';
import { warmUp } from '../daemon/warm-up.ts';
import { abortable } from '../runtime/deadline.ts';
import { openLog } from '../runtime/log.ts';
import type { CommandContext } from './command-context.ts';
import { loadConfig } from './load-config.ts';
import { flagsOf } from './setting-options.ts';

/** After a failure: the time for requests in flight, and for the daemon to stop. */
const answersMs = 200;
const stopMs = 500;

/** The warm-up starts late, so that it does not delay the first pushes. */
const warmUpAfterMs = 1000;

export async function runBridge(command: Command, context: CommandContext): Promise<number> {
  const read = (): ConfigRead => loadConfig(flagsOf(command), context.env, { needsNodes: true });
  await runConfigured(read(), context, { version: command.parent?.version(), read });
  return 0;
}

interface RunOptions {
  /** Of the program. */
  readonly version: string | undefined;
  /** Reads the configuration again; without it a reload is impossible. */
  readonly read?: () => ConfigRead;
}

/** Runs the bridge with its log on stderr, and reports to systemd. Resolves and throws as `run` does. */
export async function runConfigured(
  running: ConfigRead,
  context: CommandContext,
  { version, read }: RunOptions,
): Promise<void> {
  const { clock, random, pid, host, stderr, env, processStats, startWorker, startOutletThread } = context;
  const { config, warnings } = running;
  const log = openLog({ ...config.log, destination: stderr });
  for (const warning of warnings) log.warn(warning);
  const processContext: ProcessContext = {
    clock,
    random,
    log,
    pid,
    host,
    startWorker,
    startOutletThread,
    ...(version !== undefined && { version }),
    processStats: processStats?.(),
    ...(read && { reloading: reloading({ read, running, log, clock }) }),
  };
  await run(config, processContext, context, systemdNotify(env, log));
}

/**
 * Runs the bridge and resolves when it has stopped.
 *
 * @throws the error of the failed start, or of the failed daemon; it may have an `exitCode`
 */
export async function run(
  config: Config,
  context: ProcessContext,
  { stop, hurry, onHangup }: Pick<CommandContext, 'stop' | 'hurry' | 'onHangup'>,
  systemd: SystemdNotify,
  start: (config: Config, context: ProcessContext) => Promise<Daemon> = startDaemon,
): Promise<void> {
  const { log, clock, reloading } = context;
  const starting = start(config, context);
  // A failed reload is in the log; during the start SIGHUP waits.
  if (reloading !== undefined) onHangup?.(() => void starting.then(reloading.reload).catch(() => {}));
  const daemon = await starting;
  // Empty where nothing is pushed: the Docker source polls.
  const push = daemon.pushUrl === '' ? undefined : daemon.pushUrl;
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  void reloading?.watch(signal);
  log.info({ push, backstop: daemon.backstopUrl, admin: daemon.adminUrl, stateDir: config.stateDir }, 'ready');
  const notified = systemd.ready(
    `${push === undefined ? 'polls containers' : `takes pushes at ${push}`}, second listener ${daemon.adminUrl}`,
  );
  void clock.sleep(warmUpAfterMs, { signal }).then(
    () => warmUp(log),
    () => {},
  );
  const failure = await abortable(daemon.failed, stop).catch(() => undefined);
  over.abort();
  if (failure !== undefined) {
    log.error({ reason: failure.message }, 'the bridge cannot go on: nothing is acknowledged any more');
    const answered = new AbortController();
    void clock.sleep(answersMs).then(() => answered.abort());
    await Promise.race([daemon.stop({ hurry: answered.signal }).catch(() => {}), clock.sleep(stopMs)]);
    throw failure;
  }
  log.info('stopping: what is in hand is finished; a second signal hurries');
  await Promise.all([daemon.stop({ hurry }), notified.then(systemd.stopping)]);
  log.info('stopped');
}
