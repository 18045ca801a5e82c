// The Catchpoint source: pushes in over HTTP, the node directory that they are joined with, and the measurements that
// wait for a node.

import type Router from '@koa/router';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Deliver, LetterRetry, MalformedBody, Parked } from '../../point.ts';
import { schedule } from '../../schedule.ts';
import { seldom } from '../../seldom.ts';
import { letterRetry } from './letters.ts';
import { type ArchiveStatus, pushArchive } from './archive/archive.ts';
import { directoryFile } from './nodes/directory-file.ts';
import { nodeDirectory } from './nodes/node.ts';
import { nodeListing } from './nodes/node-source.ts';
import { completeParked, type ParkedEntries } from './parked.ts';
import { push, type PushCounts, pushCounts } from './push.ts';
import { nodeRefresher, type RefreshStatus } from './nodes/refresh.ts';
import { type SliceOptions, slicer } from './slices.ts';

export interface CatchpointOptions {
  readonly deliver: Deliver;
  readonly parking: ParkedEntries & { hasRoomFor(parked: Parked): boolean };
  /** Shown each body that is refused as no push. */
  readonly malformed?: (malformed: MalformedBody) => void;
  readonly api: NodeApi;
  readonly slices: SliceOptions;
  /** Whether to write the timings, byte counts and counters beyond the RTT too. */
  readonly timings: boolean;
  readonly maxBodyBytes: number;
  /** Where to archive pushes, and for how many days; undefined: nowhere. */
  readonly archive: { readonly directory: string; readonly days: number } | undefined;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Where the nodes come from; see nodeListing in node-source.ts. */
export interface NodeApi {
  readonly url: string;
  readonly key: string | undefined;
  readonly secret: string | undefined;
  readonly apiKey: string | undefined;
  readonly nodesFile: string | undefined;
  readonly refreshHours: number;
}

export interface CatchpointStatus {
  readonly pushes: Readonly<PushCounts>;
  readonly nodes: RefreshStatus & { readonly known: number };
  readonly archive?: ArchiveStatus;
}

export interface Catchpoint {
  /** Takes pushes at `/` and `/catchpoint`. */
  mount(router: Router): void;
  /** Keeps the directory fresh and completes what is parked, until the signal. */
  run(signal: AbortSignal): Promise<void>;
  readonly retryLetter: LetterRetry;
  status(): CatchpointStatus;
}

/** Entries whose node was in no listing expire after a day; looked at so often. */
const expiryEveryMs = 600_000;

/** Opens the source, with the directory that was kept on disk. */
export async function openCatchpoint(options: CatchpointOptions): Promise<Catchpoint> {
  const { deliver, parking, api, clock, random, log, stateDir } = options;
  const directory = nodeDirectory();
  const slice = slicer(options.slices);
  const counts = pushCounts();
  const refusals = seldom(clock);
  const archive = options.archive && pushArchive({ ...options.archive, clock, log });
  const stopping = new AbortController();
  const completion = oneAtATime(() => completeParked({ parking, deliver, directory, slice, clock, log }, stopping.signal));
  const refresher = nodeRefresher({
    directory,
    file: directoryFile({ stateDir, log }),
    list: nodeListing({ ...api, stateDir, clock, random, log }),
    everyHours: api.refreshHours,
    refreshAtStart: api.nodesFile !== undefined,
    onRefreshed: () =>
      void completion.ask().catch((error: Error) => {
        if (!stopping.signal.aborted) log.warn({ reason: error.message }, 'parked measurements wait on');
      }),
    clock,
    random,
    log,
  });
  await refresher.load();
  for (const id of parking.waitedFor().map(Number)) if (directory.find(id) === undefined) refresher.requestEarly(id);
  return {
    mount: (router) =>
      push(router, {
        deliver,
        directory,
        slice,
        clock,
        maxBodyBytes: options.maxBodyBytes,
        extras: options.timings,
        missed: refresher.requestEarly,
        refused: (reason) => refusals((pushes) => log.warn({ pushes, reason }, 'pushes are refused; Catchpoint sends them again for an hour')),
        ...(options.malformed === undefined ? {} : { malformed: options.malformed }),
        counts,
        archive,
      }),
    retryLetter: letterRetry({
      ...{ deliver, hasRoomFor: parking.hasRoomFor, directory, slice, clock },
      ...{ extras: options.timings, missed: refresher.requestEarly },
    }),
    async run(signal) {
      signal.addEventListener('abort', () => stopping.abort(signal.reason), { once: true });
      const expiry = schedule('complete parked measurements', completion.ask, { everyMs: expiryEveryMs, clock, log, signal });
      await Promise.all([refresher.run(signal), expiry, archive?.run(signal)]);
      await completion.settled();
    },
    status: () => ({ pushes: counts, nodes: { known: directory.all().length, ...refresher.status() }, ...(archive && { archive: archive.status() }) }),
  };
}

interface OneAtATime {
  /** Resolves when a run that began after this has ended. */
  ask(): Promise<void>;
  /** Resolves when nothing runs. */
  settled(): Promise<void>;
}

/** Runs a task again for whoever asks while it runs, since what it was asked for may have come behind it. */
function oneAtATime(task: () => Promise<void>): OneAtATime {
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
