// Keeps the node directory fresh: by schedule, early when unknown nodes appear, and only ever by a complete, plausible
// listing. Nothing waits for it but who calls refreshNow.

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
  /** Refreshes at start however fresh the file is; for a nodes file, which costs no call. */
  readonly refreshAtStart?: boolean;
}

export interface RefreshStatus {
  readonly refreshes: number;
  readonly failures: number;
  /** Of the last refresh; undefined when it succeeded. */
  readonly lastError: string | undefined;
  /** In ms since 1970 UTC. */
  readonly refreshedAtMs: number | undefined;
  readonly nextAtMs: number;
  readonly lastChanges: DirectoryChanges | undefined;
  /** Since the start. */
  readonly changes: ChangesSum;
  readonly everyMs: number;
  /** What the last listing could not fill in. */
  readonly notes: readonly string[];
  /** Why the directory is in memory alone; undefined when it is on disk. */
  readonly fileFault: string | undefined;
  /** In the directory, retired ones included. */
  readonly nodes: number;
}

export interface RefreshNow {
  /** Takes a listing that is implausible, though not an empty one. */
  readonly accept?: boolean;
  readonly signal: AbortSignal;
}

export interface NodeRefresher {
  /** Reads the directory's file, if that is newer than what is in memory; true when it was. */
  load(): Promise<boolean>;
  /** Refreshes by schedule until the signal; picks up a newer file within five minutes. Failures are logged. */
  run(signal: AbortSignal): Promise<void>;
  /** An unknown node has appeared. Costs next to nothing, however often it is called. */
  requestEarly(nodeId: number): void;
  /** Refreshes at once, or joins the refresh that is under way. @throws ImplausibleListing, or what the listing throws */
  refreshNow(options: RefreshNow): Promise<DirectoryChanges>;
  /** Refreshes so often from now on. */
  refreshEvery(hours: number): void;
  /** The listing asks somebody else now: refreshes as soon as may be. */
  refreshAnew(): void;
  status(): RefreshStatus;
}

const fileCheckMs = 300_000;
const maxWanted = 1000;

/** What changes while it runs. */
interface Refreshing {
  readonly options: NodeRefresherOptions;
  readonly times: RefreshTimes;
  readonly updates: DirectoryUpdates;
  /** Unknown nodes that no refresh has been made for yet. */
  readonly wanted: Set<number>;
  underWay: Promise<DirectoryChanges> | undefined;
  wake: AbortController | undefined;
  refreshes: number;
  failures: number;
  lastError: string | undefined;
  lastChanges: DirectoryChanges | undefined;
  changes: ChangesSum;
  notes: readonly string[];
}

export function nodeRefresher(options: NodeRefresherOptions): NodeRefresher {
  const { directory, everyHours, clock, random } = options;
  const state: Refreshing = {
    options,
    times: refreshTimes({ everyMs: everyHours * 3_600_000, clock, random }),
    updates: directoryUpdates(options),
    wanted: new Set(),
    underWay: undefined,
    wake: undefined,
    refreshes: 0,
    failures: 0,
    lastError: undefined,
    lastChanges: undefined,
    changes: noChanges,
    notes: [],
  };
  return {
    load: () => state.updates.loadNewer(),
    run: (signal) => run(state, signal),
    requestEarly(nodeId) {
      if (state.wanted.size >= maxWanted) return;
      state.wanted.add(nodeId);
      if (state.wanted.size === 1) state.wake?.abort();
    },
    refreshNow: (how) => refreshAlone(state, how),
    refreshEvery(hours) {
      state.times.every(hours * 3_600_000);
      // What is due already stays due.
      if (dueInMs(state) > 0) state.times.from(directory.refreshedAtMs());
      state.wake?.abort();
    },
    refreshAnew() {
      const dueNow = (): void => {
        state.times.anew();
        state.wake?.abort();
      };
      dueNow();
      // One that is under way asks whoever was asked before.
      void state.underWay?.then(dueNow, dueNow);
    },
    status: () => ({
      refreshes: state.refreshes,
      failures: state.failures,
      lastError: state.lastError,
      refreshedAtMs: directory.refreshedAtMs(),
      nextAtMs: Math.round(clock.now() + dueInMs(state)),
      lastChanges: state.lastChanges,
      changes: state.changes,
      everyMs: everyHours * 3_600_000,
      notes: state.notes,
      fileFault: state.updates.fileFault(),
      nodes: directory.all().length,
    }),
  };
}

function dueInMs({ times, wanted }: Refreshing): number {
  return Math.max(0, times.dueInMs(wanted.size > 0));
}

async function run(state: Refreshing, signal: AbortSignal): Promise<void> {
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

async function refreshOrLog(state: Refreshing, signal: AbortSignal): Promise<void> {
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

/** Sleeps until the time has come, a first unknown node appears, or the signal. */
async function pause(state: Refreshing, ms: number, signal: AbortSignal): Promise<void> {
  const wake = new AbortController();
  const stop = (): void => wake.abort();
  signal.addEventListener('abort', stop, { once: true });
  state.wake = wake;
  try {
    await state.options.clock.sleep(ms, { signal: wake.signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!wake.signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    state.wake = undefined;
  }
}

/** One refresh at a time; who asks meanwhile gets its outcome, unless he accepts what it may not. */
async function refreshAlone(state: Refreshing, how: RefreshNow): Promise<DirectoryChanges> {
  while (state.underWay !== undefined) {
    if (how.accept !== true) return state.underWay;
    await state.underWay.catch(() => undefined);
  }
  state.underWay = refresh(state, how).finally(() => void (state.underWay = undefined));
  return state.underWay;
}

async function refresh(state: Refreshing, { accept = false, signal }: RefreshNow): Promise<DirectoryChanges> {
  const { times, options, updates } = state;
  const asked = [...state.wanted];
  times.started();
  try {
    const listing = await options.list(signal);
    const changes = await updates.take(listing, accept);
    const found = forgetWanted(state, asked);
    times.succeeded({ filled: listing.notes.length === 0, found });
    state.refreshes += 1;
    state.lastError = undefined;
    state.lastChanges = changes;
    state.changes = withChanges(state.changes, changes);
    state.notes = listing.notes;
    return changes;
  } catch (error) {
    if (signal.aborted) throw error;
    const retryAfterMs = error instanceof RestFailure ? error.retryAfterMs : undefined;
    times.failed({ retryAfterMs, implausible: error instanceof ImplausibleListing });
    state.failures += 1;
    state.lastError = (error as Error).message;
    throw error;
  }
}

/** The refresh has answered for these, and for whoever else is known by now. Whether it brought any of them. */
function forgetWanted({ wanted, options }: Refreshing, asked: readonly number[]): boolean | undefined {
  const isKnown = (id: number): boolean => options.directory.find(id) !== undefined;
  for (const id of [...asked, ...[...wanted].filter(isKnown)]) wanted.delete(id);
  return asked.length === 0 ? undefined : asked.some(isKnown);
}
