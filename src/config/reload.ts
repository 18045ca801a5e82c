// Reads the configuration anew while the bridge runs, on demand and when its files change, and puts into effect what can
// change without a restart. What is wrong changes nothing: the last good configuration stays.

import type { Clock } from '../runtime/clock.ts';
import type { Config, ConfigRead } from './config.ts';
import type { Log } from '../runtime/log.ts';
import { schedule } from '../runtime/schedule.ts';
import type { SettingHashes } from './settings/setting-hashes.ts';
import { nameOf } from './settings/names.ts';
import type { SettingKey } from './settings/settings.ts';

/** A part of the bridge that takes changes of these settings while it runs. */
export interface ReloadablePart {
  readonly settings: readonly SettingKey[];
  /**
   * Makes ready what the next configuration asks for and returns what puts it into effect, which must not fail. Throws what
   * speaks against it, and then nothing may have changed. Called when one of the settings has changed.
   */
  readonly prepare: (next: Config) => Promise<() => void> | (() => void);
  /** Reads files that it looks after itself; called by every reload that somebody has asked for. Must not throw. */
  readonly reread?: () => Promise<void>;
}

/** The names of settings; both empty: nothing has changed. */
export interface ReloadReport {
  /** Changed, and in effect. */
  readonly changed: readonly string[];
  /** Changed, but in effect only after a restart; until then the former values hold. */
  readonly needRestart: readonly string[];
}

/** The configuration cannot be used, and nothing has changed. The message has a line for each fault. */
export class ReloadRefused extends Error {
  override readonly name = 'ReloadRefused';
  readonly status = 422;
  readonly expose = true;
}

/** What came of the tries to read the configuration anew; the start counts as one that succeeded. */
export interface ReloadStatus {
  /** Whether what was read last is in effect. */
  readonly isLastGood: boolean;
  /** When a configuration that could be used was read last, ms since 1970 UTC. */
  readonly lastGoodAtMs: number;
  /** Since the start; a file that stays wrong counts once, however often it is looked at. */
  readonly succeeded: number;
  readonly failed: number;
}

/** The configuration as it was read last, beside the one that is in effect. */
export interface ReloadState {
  /** Why it cannot be used, a line for each fault; undefined: it can. */
  readonly fault: string | undefined;
  /** Settings that have changed since the start and wait for a restart. */
  readonly needRestart: readonly string[];
}

export interface Reloading {
  /** To be called by each part before the first reload. */
  onReload(part: ReloadablePart): void;
  /** Reads everything anew. Throws ReloadRefused. What came of it stands in the log as well. */
  reload(): Promise<ReloadReport>;
  state(): ReloadState;
  /** Looks at the files every ten seconds, until the signal. */
  watch(signal: AbortSignal): Promise<void>;
  status(): ReloadStatus;
}

export interface ReloadingOptions {
  /** Reads the configuration from where it was read at the start. Throws what is wrong with it. */
  readonly read: () => ConfigRead;
  readonly running: ConfigRead;
  readonly log: Log;
  readonly clock: Clock;
}

const watchEveryMs = 10_000;

/** What changes while it is in use. */
interface Watched {
  readonly options: ReloadingOptions;
  readonly parts: ReloadablePart[];
  /** Of what is in effect. */
  inEffect: SettingHashes;
  /** Of what was read last, whether it could be used or not. */
  seen: SettingHashes | undefined;
  /** What the last try could not be used for; undefined: it could. */
  fault: string | undefined;
  lastGoodAtMs: number;
  succeeded: number;
  failed: number;
  needRestart: readonly string[];
}

export function reloading(options: ReloadingOptions): Reloading {
  const { running, clock, log } = options;
  const counts = { succeeded: 0, failed: 0, lastGoodAtMs: clock.now() };
  const watched: Watched = {
    options,
    parts: [],
    inEffect: running.digests,
    seen: running.digests,
    fault: undefined,
    needRestart: [],
    ...counts,
  };
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return {
    onReload: (part) => void watched.parts.push(part),
    state: () => ({ fault: watched.fault, needRestart: watched.needRestart }),
    reload: () => inTurn(() => reload(watched, 'asked')),
    watch: (signal) =>
      schedule('look for changes of the configuration', () => inTurn(() => lookedAt(watched)), {
        everyMs: watchEveryMs,
        clock,
        log,
        signal,
      }),
    status: () => seenOf(watched),
  };
}

function seenOf({ fault, lastGoodAtMs, succeeded, failed }: Watched): ReloadStatus {
  return { isLastGood: fault === undefined, lastGoodAtMs, succeeded, failed };
}

/** What was refused before is tried again silently: a file that it names may have been set right. */
async function lookedAt(watched: Watched): Promise<void> {
  await reload(watched, 'watching').catch((error: Error) => {
    if (!(error instanceof ReloadRefused)) throw error;
  });
}

async function reload(watched: Watched, cause: 'asked' | 'watching'): Promise<ReloadReport> {
  const { options, fault: before } = watched;
  const { log, clock } = options;
  try {
    const next = options.read();
    const isNews = cause === 'asked' || before !== undefined || !isSame(next.digests, watched.seen);
    const report = isNews ? await putIntoEffect(watched, next) : { changed: [], needRestart: [] };
    if (cause === 'asked') for (const { reread } of watched.parts) await reread?.();
    watched.seen = next.digests;
    watched.fault = undefined;
    if (isNews) {
      watched.succeeded += 1;
      watched.lastGoodAtMs = clock.now();
      say(log, report, next.warnings);
    }
    return report;
  } catch (error) {
    const { message } = error as Error;
    watched.fault = message;
    watched.seen = undefined;
    if (cause === 'asked' || message !== before) {
      watched.failed += 1;
      log.error({ faults: message.split('\n') }, 'the configuration cannot be used; the last good one stays in effect');
    }
    throw new ReloadRefused(message, { cause: error });
  }
}

async function putIntoEffect(watched: Watched, { config, digests }: ConfigRead): Promise<ReloadReport> {
  const keys = Object.keys(digests) as SettingKey[];
  const different = keys.filter((key) => digests[key] !== watched.inEffect[key]);
  const parts = watched.parts.filter(({ settings }) => settings.some((key) => different.includes(key)));
  const effects: (() => void)[] = [];
  for (const { prepare } of parts) effects.push(await prepare(config));
  for (const effect of effects) effect();
  const changed = different.filter((key) => parts.some(({ settings }) => settings.includes(key)));
  watched.inEffect = { ...watched.inEffect, ...Object.fromEntries(changed.map((key) => [key, digests[key]])) };
  watched.needRestart = different.filter((key) => !changed.includes(key)).map(nameOf);
  return { changed: changed.map(nameOf), needRestart: watched.needRestart };
}

function say(log: Log, { changed, needRestart }: ReloadReport, warnings: readonly string[]): void {
  for (const warning of warnings) log.warn(warning);
  if (changed.length > 0) log.info({ changed }, 'configuration reloaded');
  else if (needRestart.length === 0) log.info('configuration read again: nothing has changed');
  if (needRestart.length > 0)
    log.warn({ settings: needRestart }, 'settings have changed that need a restart; until then the former values hold');
}

function isSame(one: SettingHashes, other: SettingHashes | undefined): boolean {
  return other !== undefined && (Object.keys(one) as SettingKey[]).every((key) => one[key] === other[key]);
}
