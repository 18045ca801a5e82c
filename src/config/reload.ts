// Reloads the configuration while the bridge runs, on demand and when its files change. A reload with any fault changes
// nothing: the last good configuration stays in effect.

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { schedule } from '../runtime/schedule.ts';
import type { Config, ConfigRead } from './config.ts';
import { nameOf } from './settings/names.ts';
import type { SettingHashes } from './settings/setting-hashes.ts';
import type { SettingKey } from './settings/settings.ts';

/** A part of the bridge that takes changes of some settings while it runs. */
export interface ReloadablePart {
  readonly settings: readonly SettingKey[];
  /**
   * Called when one of the settings has changed. Returns a function that puts the change into effect and cannot fail.
   * Throws if the change is impossible; then nothing may have changed.
   */
  readonly prepare: (next: Config) => Promise<() => void> | (() => void);
  /** Reads the files that the part watches itself. Called by a reload on demand. Must not throw. */
  readonly reread?: () => Promise<void>;
}

/** Setting names. Both lists are empty if nothing has changed. */
interface ReloadReport {
  /** Changed and in effect. */
  readonly changed: readonly string[];
  /** Changed, but in effect only after a restart. */
  readonly needRestart: readonly string[];
}

/** The configuration has faults, and nothing has changed. The message has a line for each fault. */
class ReloadRefused extends Error {
  override readonly name = 'ReloadRefused';
  readonly status = 422;
  readonly expose = true;
}

export interface ReloadStatus {
  /** True if the last configuration that was read is in effect. */
  readonly isLastGood: boolean;
  /** When the last valid configuration was read, at the start or later, ms since 1970 UTC. */
  readonly lastGoodAtMs: number;
  /** Reloads since the start. A file that stays faulty counts once. */
  readonly succeeded: number;
  readonly failed: number;
}

interface ReloadState {
  /** The faults of the last configuration that was read, a line for each; undefined if it is valid. */
  readonly fault: string | undefined;
  /** Settings whose change needs a restart. */
  readonly needRestart: readonly string[];
}

export interface Reloading {
  /** Registers a part. Call it before the first reload. */
  onReload(part: ReloadablePart): void;
  /** Reloads now and logs the outcome. @throws ReloadRefused */
  reload(): Promise<ReloadReport>;
  state(): ReloadState;
  /** Checks the files every ten seconds until the signal. */
  watch(signal: AbortSignal): Promise<void>;
  status(): ReloadStatus;
}

interface ReloadingOptions {
  /** Reads the configuration from the same places as at the start. Throws its faults. */
  readonly read: () => ConfigRead;
  readonly running: ConfigRead;
  readonly log: Log;
  readonly clock: Clock;
}

const watchEveryMs = 10_000;

interface State {
  readonly options: ReloadingOptions;
  readonly parts: ReloadablePart[];
  hashesInEffect: SettingHashes;
  /** Of the last configuration that was read; undefined if it had a fault. */
  lastHashes: SettingHashes | undefined;
  fault: string | undefined;
  needRestart: readonly string[];
  lastGoodAtMs: number;
  succeeded: number;
  failed: number;
}

export function reloading(options: ReloadingOptions): Reloading {
  const { running, clock, log } = options;
  const state: State = {
    options,
    parts: [],
    hashesInEffect: running.hashes,
    lastHashes: running.hashes,
    fault: undefined,
    needRestart: [],
    lastGoodAtMs: clock.now(),
    succeeded: 0,
    failed: 0,
  };
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  const check = async (): Promise<void> => {
    await inTurn(() => reload(state, 'watch')).catch((error: Error) => {
      if (!(error instanceof ReloadRefused)) throw error;
    });
  };
  return {
    onReload: (part) => void state.parts.push(part),
    state: () => ({ fault: state.fault, needRestart: state.needRestart }),
    reload: () => inTurn(() => reload(state, 'demand')),
    watch: (signal) =>
      schedule('look for changes of the configuration', check, { everyMs: watchEveryMs, clock, log, signal }),
    status() {
      const { fault, lastGoodAtMs, succeeded, failed } = state;
      return { isLastGood: fault === undefined, lastGoodAtMs, succeeded, failed };
    },
  };
}

/** A faulty configuration is tried at every check, because a file that it names may have been fixed. */
async function reload(state: State, cause: 'demand' | 'watch'): Promise<ReloadReport> {
  const { options, fault: faultBefore } = state;
  const { log, clock } = options;
  try {
    const next = options.read();
    const isDue = cause === 'demand' || faultBefore !== undefined || !areEqual(next.hashes, state.lastHashes);
    const report = isDue ? await putIntoEffect(state, next) : { changed: [], needRestart: [] };
    if (cause === 'demand') for (const { reread } of state.parts) await reread?.();
    state.lastHashes = next.hashes;
    state.fault = undefined;
    if (isDue) {
      state.succeeded += 1;
      state.lastGoodAtMs = clock.now();
      logReport(log, report, next.warnings);
    }
    return report;
  } catch (error) {
    const { message } = error as Error;
    state.fault = message;
    state.lastHashes = undefined;
    if (cause === 'demand' || message !== faultBefore) {
      state.failed += 1;
      log.error({ faults: message.split('\n') }, 'the configuration cannot be used; the last good one stays in effect');
    }
    throw new ReloadRefused(message, { cause: error });
  }
}

/** Prepares every part before the first one changes. */
async function putIntoEffect(state: State, { config, hashes }: ConfigRead): Promise<ReloadReport> {
  const keys = Object.keys(hashes) as SettingKey[];
  const different = keys.filter((key) => hashes[key] !== state.hashesInEffect[key]);
  const parts = state.parts.filter(({ settings }) => settings.some((key) => different.includes(key)));
  const effects: (() => void)[] = [];
  for (const { prepare } of parts) effects.push(await prepare(config));
  for (const effect of effects) effect();
  const changed = different.filter((key) => parts.some(({ settings }) => settings.includes(key)));
  state.hashesInEffect = { ...state.hashesInEffect, ...Object.fromEntries(changed.map((key) => [key, hashes[key]])) };
  state.needRestart = different.filter((key) => !changed.includes(key)).map(nameOf);
  return { changed: changed.map(nameOf), needRestart: state.needRestart };
}

function logReport(log: Log, { changed, needRestart }: ReloadReport, warnings: readonly string[]): void {
  for (const warning of warnings) log.warn(warning);
  if (changed.length > 0) log.info({ changed }, 'configuration reloaded');
  else if (needRestart.length === 0) log.info('configuration read again: nothing has changed');
  if (needRestart.length > 0)
    log.warn({ settings: needRestart }, 'settings have changed that need a restart; until then the former values hold');
}

function areEqual(one: SettingHashes, other: SettingHashes | undefined): boolean {
  return other !== undefined && (Object.keys(one) as SettingKey[]).every((key) => one[key] === other[key]);
}
