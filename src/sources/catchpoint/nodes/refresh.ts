// Keeps the node directory fresh: by schedule, and early when pushes name unknown nodes.

import { type ChangesSum, type DirectoryChanges, noChanges, withChanges } from './changes.ts';
import {
  type DirectoryUpdates,
  directoryUpdates,
  type DirectoryUpdatesOptions,
  ImplausibleListing,
} from './directory-updates.ts';
import type { NodeListing } from './listing.ts';
import { type RefreshTimes, refreshTimes } from './refresh-times.ts';
import { RestFailure } from './rest/failure.ts';

export interface NodeRefresherOptions extends DirectoryUpdatesOptions {
  readonly list: NodeListing;
  readonly random: () => number;
  readonly everyHours: number;
  /** Refreshes at the start even when the stored directory is fresh. For a nodes file, which costs no API call. */
  readonly refreshAtStart?: boolean;
}

interface RefreshResults {
  readonly refreshes: number;
  readonly failures: number;
  /** Undefined when the last refresh succeeded. */
  readonly lastError: string | undefined;
  readonly lastChanges: DirectoryChanges | undefined;
  /** Since the start. */
  readonly changes: ChangesSum;
  /** Gaps of the last listing. */
  readonly notes: readonly string[];
}

export interface RefreshStatus extends RefreshResults {
  /** Times are ms since 1970 UTC. */
  readonly refreshedAtMs: number | undefined;
  readonly nextAtMs: number;
  readonly everyMs: number;
  /** The reason why the directory could not be written. Undefined when it is on disk. */
  readonly fileFault: string | undefined;
  /** Nodes in the directory, including retired ones. */
  readonly nodes: number;
}

interface RefreshNow {
  /** Takes an implausible listing, unless it is empty. */
  readonly accept?: boolean;
  readonly signal: AbortSignal;
}

export interface NodeRefresher {
  /** Reads the stored directory. Resolves with true when it was newer than the directory in memory. */
  load(): Promise<boolean>;
  /** Refreshes by schedule until the signal, and reads a newer file within five minutes. Failures are logged. */
  run(signal: AbortSignal): Promise<void>;
  /** Asks for a refresh because of an unknown node. Cheap: it may be called for every push. */
  requestEarly(nodeId: number): void;
  /** Refreshes at once, or joins the refresh in progress. @throws ImplausibleListing, or the listing's error */
  refreshNow(options: RefreshNow): Promise<DirectoryChanges>;
  /** Sets the interval of the regular refreshes. */
  refreshEvery(hours: number): void;
  /** Replaces the listing, and refreshes as soon as possible. */
  setSource(list: NodeListing): void;
  status(): RefreshStatus;
}

const hourMs = 3_600_000;
const fileCheckMs = 300_000;
const maxWanted = 1000;

interface State {
  readonly options: NodeRefresherOptions;
  readonly times: RefreshTimes;
  readonly updates: DirectoryUpdates;
  /** Unknown nodes that have had no refresh yet. */
  readonly wanted: Set<number>;
  list: NodeListing;
  everyMs: number;
  inProgress: Promise<DirectoryChanges> | undefined;
  /** Ends the pause between two refreshes. */
  wakeup: AbortController | undefined;
  results: RefreshResults;
}

export function nodeRefresher(options: NodeRefresherOptions): NodeRefresher {
  const { directory, clock, random } = options;
  const everyMs = options.everyHours * hourMs;
  const state: State = {
    options,
    times: refreshTimes(everyMs, clock, random),
    updates: directoryUpdates(options),
    wanted: new Set(),
    list: options.list,
    everyMs,
    inProgress: undefined,
    wakeup: undefined,
    results: { refreshes: 0, failures: 0, lastError: undefined, lastChanges: undefined, changes: noChanges, notes: [] },
  };
  const { times, updates, wanted } = state;
  return {
    load: updates.loadNewer,
    run: (signal) => run(state, signal),
    requestEarly(nodeId) {
      if (wanted.size >= maxWanted) return;
      wanted.add(nodeId);
      if (wanted.size === 1) state.wakeup?.abort();
    },
    refreshNow: (how) => refreshAlone(state, how),
    refreshEvery(hours) {
      state.everyMs = hours * hourMs;
      times.setEvery(state.everyMs);
      // A refresh that is due stays due.
      if (dueInMs(state) > 0) times.from(directory.refreshedAtMs());
      state.wakeup?.abort();
    },
    setSource(list) {
      const refreshSoon = (): void => {
        times.sourceChanged();
        state.wakeup?.abort();
      };
      state.list = list;
      refreshSoon();
      // The refresh in progress reads the old source.
      void state.inProgress?.then(refreshSoon, refreshSoon);
    },
    status: () => ({
      ...state.results,
      refreshedAtMs: directory.refreshedAtMs(),
      nextAtMs: Math.round(clock.now() + dueInMs(state)),
      everyMs: state.everyMs,
      fileFault: updates.fileFault(),
      nodes: directory.all().length,
    }),
  };
}

function dueInMs({ times, wanted }: State): number {
  return Math.max(0, times.dueInMs(wanted.size > 0));
}

async function run(state: State, signal: AbortSignal): Promise<void> {
  const { options, times, updates } = state;
  const { directory } = options;
  try {
    await updates.loadNewer();
    times.from(options.refreshAtStart === true ? undefined : directory.refreshedAtMs());
    while (!signal.aborted) {
      const waitMs = dueInMs(state);
      if (waitMs === 0) {
        await refreshOrLog(state, signal);
      } else {
        await pause(state, Math.min(waitMs, fileCheckMs), signal);
        if (await updates.loadNewer()) times.from(directory.refreshedAtMs());
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function refreshOrLog(state: State, signal: AbortSignal): Promise<void> {
  const { directory, clock, log } = state.options;
  try {
    await refreshAlone(state, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const next = new Date(clock.now() + dueInMs(state)).toISOString();
    log.warn(
      { reason: (error as Error).message, next, nodes: directory.all().length },
      'the node refresh failed; the directory stays as it is',
    );
  }
}

/** Sleeps until the time has passed, the wakeup, or the signal. @throws the signal's reason */
async function pause(state: State, ms: number, signal: AbortSignal): Promise<void> {
  const wakeup = new AbortController();
  const stop = (): void => wakeup.abort();
  signal.addEventListener('abort', stop, { once: true });
  state.wakeup = wakeup;
  try {
    await state.options.clock.sleep(ms, { signal: wakeup.signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!wakeup.signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    state.wakeup = undefined;
  }
}

/** One refresh at a time. Joins the one in progress, unless `accept` asks for a different one. */
async function refreshAlone(state: State, how: RefreshNow): Promise<DirectoryChanges> {
  while (state.inProgress !== undefined) {
    if (how.accept !== true) return state.inProgress;
    await state.inProgress.catch(() => undefined);
  }
  state.inProgress = refresh(state, how).finally(() => void (state.inProgress = undefined));
  return state.inProgress;
}

async function refresh(state: State, { accept = false, signal }: RefreshNow): Promise<DirectoryChanges> {
  const { times, updates } = state;
  const wanted = [...state.wanted];
  times.started();
  try {
    const listing = await state.list(signal);
    const lastChanges = await updates.take(listing, accept);
    times.succeeded({ filled: listing.notes.length === 0, found: removeWanted(state, wanted) });
    const { refreshes, failures, changes } = state.results;
    state.results = {
      refreshes: refreshes + 1,
      failures,
      lastError: undefined,
      lastChanges,
      changes: withChanges(changes, lastChanges),
      notes: listing.notes,
    };
    return lastChanges;
  } catch (error) {
    if (signal.aborted) throw error;
    const retryAfterMs = error instanceof RestFailure ? error.retryAfterMs : undefined;
    times.failed({ retryAfterMs, implausible: error instanceof ImplausibleListing });
    const { results } = state;
    state.results = { ...results, failures: results.failures + 1, lastError: (error as Error).message };
    throw error;
  }
}

/**
 * Removes the nodes that had their refresh, and every other node that is known now.
 *
 * @returns whether the directory knows any of `refreshed`; undefined when there were none
 */
function removeWanted({ wanted, options }: State, refreshed: readonly number[]): boolean | undefined {
  const isKnown = (id: number): boolean => options.directory.find(id) !== undefined;
  for (const id of [...refreshed, ...[...wanted].filter(isKnown)]) wanted.delete(id);
  return refreshed.length === 0 ? undefined : refreshed.some(isKnown);
}
