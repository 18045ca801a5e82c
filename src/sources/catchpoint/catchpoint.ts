// The Catchpoint source: pushes in over HTTP, the node directory that they are joined with, and the measurements that
// wait for a node.

import type Router from '@koa/router';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Deliver, LetterRetry, MalformedBody, Parked } from '../../model/point.ts';
import { schedule } from '../../runtime/schedule.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import {
  type CardinalityBounds,
  type CardinalityGuard,
  cardinalityGuard,
  type CardinalityStatus,
} from './cardinality/guard.ts';
import { type KnownNames, openKnownNames } from './cardinality/known-names.ts';
import { letterRetry } from './letters.ts';
import type { ArchiveStatus } from './archive/archive.ts';
import { directoryFile } from './nodes/directory-file.ts';
import { nodeDirectory, type NodeDirectory } from './nodes/node.ts';
import type { NodeListing } from './nodes/listing.ts';
import { nodeListing } from './nodes/node-source.ts';
import { openOverrides, type OverridesFile } from './nodes/overrides-file.ts';
import { singleFlight } from './single-flight.ts';
import { completeParked, type ParkedEntries } from './parked.ts';
import { type PushCounts, pushCounts, pushIntake, type PushOptions, type SeenPush } from './push.ts';
import { type PushIntake, pushRoute, type ReadingOptions } from './push-route.ts';
import { type NodeRefresher, nodeRefresher, type RefreshStatus } from './nodes/refresh.ts';
import { type RunTagger, runTagger, wantedLabels } from './run-tags.ts';
import { type Slicer, type SliceOptions, slicer } from './slices.ts';

export interface CatchpointOptions {
  readonly deliver: Deliver;
  readonly parking: ParkedEntries & { hasRoomFor(parked: Parked): boolean };
  /** Shown each body that is refused as no push. */
  readonly malformed?: (malformed: MalformedBody) => void;
  /** Told how long each push took from its head to its answer. */
  readonly answered?: (ms: number) => void;
  /** Told why a push was answered 5xx. */
  readonly refused?: (reason: string) => void;
  /** Shown each push when it is answered. */
  readonly seen?: (push: SeenPush) => void;
  readonly api: NodeApi;
  readonly slices: SliceOptions;
  /** Whether to write the timings, byte counts and counters beyond the RTT too. */
  readonly timings: boolean;
  /** What pushes may bring that was not seen before. */
  readonly cardinality?: CardinalityBounds;
  readonly maxBodyBytes: number;
  /** Who stands before the route: bounds what arrives, and says who may speak for which node. */
  readonly access?: Pick<PushOptions, 'admit'> & Pick<ReadingOptions, 'bodies'>;
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
  /** A file with what is said of nodes in place of what Catchpoint says; read again when it changes. */
  readonly nodeOverrides?: string | undefined;
  readonly refreshHours: number;
}

export interface CatchpointStatus {
  readonly pushes: Readonly<PushCounts>;
  readonly nodes: RefreshStatus & { readonly known: number };
  readonly archive?: ArchiveStatus;
  readonly cardinality: CardinalityStatus;
}

/** What can change while pushes are taken. */
export interface CatchpointChanges {
  readonly push?: Pick<CatchpointOptions, 'maxBodyBytes' | 'timings'> & {
    readonly slices: Omit<SliceOptions, 'resolution'>;
  };
  /** Where the nodes come from; they are listed anew at once. */
  readonly api?: Omit<NodeApi, 'refreshHours'>;
  readonly refreshHours?: number;
  readonly cardinality?: CardinalityBounds;
}

export interface Catchpoint {
  /** Takes pushes at `/` and `/catchpoint`. */
  mount(router: Router): void;
  /** Takes pushes that somebody else has read. */
  readonly intake: PushIntake;
  /** How they are to be read. */
  readonly reading: ReadingOptions;
  /** Keeps the directory fresh and completes what is parked, until the signal. */
  run(signal: AbortSignal): Promise<void>;
  readonly retryLetter: LetterRetry;
  /** To look nodes up in. */
  readonly directory: Omit<NodeDirectory, 'replace'>;
  /** Returns what puts the changes into effect. Throws when there is nowhere to get nodes from. */
  prepare(changes: CatchpointChanges): () => void;
  /** The same for the file of node overrides, read now; undefined: none. @throws WrongOverrides */
  prepareOverrides(path: string | undefined): Promise<() => void>;
  status(): CatchpointStatus;
}

/** Entries whose node was in no listing expire after a day; looked at so often. */
const expiryEveryMs = 600_000;

/** Where nobody says otherwise; the settings have the same. */
const usualBounds: CardinalityBounds = { maxTests: 5000, maxNodes: 5000, maxTagValues: 10_000 };

/**
 * Opens the source, with the directory that was kept on disk.
 *
 * @throws WrongOverrides when the file of node overrides cannot be used
 */
export async function openCatchpoint(options: CatchpointOptions): Promise<Catchpoint> {
  const { deliver, parking, api, clock, random, log, stateDir } = options;
  const directory = nodeDirectory();
  const overrides = await openOverrides({ path: api.nodeOverrides, clock, log });
  const known = await openKnownNames({ stateDir, log });
  const current = currentOf(options, overrides);
  const guard = guardOf(current, known);
  const slice: Slicer = (...given) => current.slice(...given);
  const joining = { deliver, directory, slice, clock, guard };
  const counts = pushCounts();
  const archive =
    options.archive && (await import('./archive/archive.ts')).pushArchive({ ...options.archive, clock, log });
  const stopping = new AbortController();
  const completion = singleFlight(() =>
    completeParked({ parking, deliver, directory, slice, clock, log }, stopping.signal),
  );
  const refresher = nodeRefresher({
    directory,
    file: directoryFile({ stateDir, log }),
    list: (signal) => current.list(signal),
    everyHours: api.refreshHours,
    refreshAtStart: api.nodesFile !== undefined,
    onRefreshed() {
      guard.nodesListed((id) => directory.find(id) !== undefined);
      completion.ask().catch(waitOn(log, stopping.signal));
    },
    clock,
    random,
    log,
  });
  await refresher.load();
  for (const id of parking.waitedFor().map(Number)) if (directory.find(id) === undefined) refresher.requestEarly(id);
  const intake = pushIntake({
    ...watchers(options),
    ...joining,
    missed: refresher.requestEarly,
    refused: refusalTold(options),
    counts,
    archive,
    get extras() {
      return current.timings;
    },
    get labels() {
      return current.labels;
    },
  });
  const reading: ReadingOptions = {
    bodies: options.access?.bodies,
    clock,
    get maxBodyBytes() {
      return current.maxBodyBytes;
    },
  };
  return {
    directory,
    intake,
    reading,
    mount: (router) => pushRoute(router, intake, reading),
    retryLetter: letterRetry({
      ...joining,
      hasRoomFor: parking.hasRoomFor,
      missed: refresher.requestEarly,
      get extras() {
        return current.timings;
      },
      get labels() {
        return current.labels;
      },
    }),
    async run(signal) {
      signal.addEventListener('abort', () => stopping.abort(signal.reason), { once: true });
      const expiry = schedule('complete parked measurements', completion.ask, {
        everyMs: expiryEveryMs,
        clock,
        log,
        signal,
      });
      await Promise.all([refresher.run(signal), expiry, archive?.run(signal), overrides.run(signal)]);
      await Promise.all([completion.settled(), known.settled()]);
    },
    prepareOverrides: overrides.prepare,
    prepare: (changes) =>
      prepared(changes, {
        options,
        overrides,
        current,
        refresher,
      }),
    status: () => ({
      pushes: counts,
      nodes: nodesOf(directory, refresher),
      cardinality: guard.status(),
      ...(archive && { archive: archive.status() }),
    }),
  };
}

function nodesOf(directory: NodeDirectory, refresher: NodeRefresher): CatchpointStatus['nodes'] {
  return { known: directory.all().length, ...refresher.status() };
}

function waitOn(log: Log, stopping: AbortSignal): (error: Error) => void {
  return (error) => {
    if (!stopping.aborted) log.warn({ reason: error.message }, 'parked measurements wait on');
  };
}

function refusalTold({ refused, clock, log }: CatchpointOptions): PushOptions['refused'] {
  const refusals = logThrottle(clock);
  return (reason, requestId) => {
    refused?.(reason);
    refusals((pushes) =>
      log.warn({ pushes, reason, requestId }, 'pushes are refused; Catchpoint sends them again for an hour'),
    );
  };
}

/** Those that are there of whoever judges pushes and is told of them. */
function watchers({
  malformed,
  answered,
  seen,
  access,
}: CatchpointOptions): Pick<PushOptions, 'malformed' | 'answered' | 'seen' | 'admit'> {
  return {
    ...(malformed && { malformed }),
    ...(answered && { answered }),
    ...(seen && { seen }),
    ...(access?.admit && { admit: access.admit }),
  };
}

/** What can be another at the next push. */
interface Current extends Shape {
  maxBodyBytes: number;
  timings: boolean;
  list: NodeListing;
  bounds: CardinalityBounds;
}

/** What points look like. */
interface Shape {
  slice: Slicer;
  slices: SliceOptions['slices'];
  tagsOfRun: RunTagger;
  labels: readonly string[];
}

function shapeOf(slices: SliceOptions, overrides: OverridesFile): Shape {
  return {
    slice: slicer(slices, overrides.of),
    slices: slices.slices,
    tagsOfRun: runTagger(slices),
    labels: wantedLabels(slices),
  };
}

function currentOf(options: CatchpointOptions, overrides: OverridesFile): Current {
  const { maxBodyBytes, timings, slices, api, cardinality: bounds = usualBounds } = options;
  return { maxBodyBytes, timings, bounds, list: listing(options, api), ...shapeOf(slices, overrides) };
}

function guardOf(current: Current, known: KnownNames): CardinalityGuard {
  return cardinalityGuard({
    known,
    get bounds() {
      return current.bounds;
    },
    get slices() {
      return current.slices;
    },
    tagsOfRun: (measurement) => current.tagsOfRun(measurement),
  });
}

function listing({ stateDir, clock, random, log }: CatchpointOptions, api: Omit<NodeApi, 'refreshHours'>): NodeListing {
  return nodeListing({ ...api, stateDir, clock, random, log });
}

interface Changeable {
  readonly options: CatchpointOptions;
  readonly overrides: OverridesFile;
  readonly current: Current;
  readonly refresher: NodeRefresher;
}

/** The unit of the points' times stays: to mix two breaks queries. */
function prepared(
  { push, api, refreshHours, cardinality }: CatchpointChanges,
  { options, overrides, current, refresher }: Changeable,
): () => void {
  const list = api && listing(options, api);
  return () => {
    if (push !== undefined) {
      const { maxBodyBytes, timings, slices } = push;
      Object.assign(current, { maxBodyBytes, timings, ...shapeOf({ ...options.slices, ...slices }, overrides) });
    }
    if (cardinality !== undefined) current.bounds = cardinality;
    if (refreshHours !== undefined) refresher.refreshEvery(refreshHours);
    if (list === undefined) return;
    current.list = list;
    refresher.refreshAnew();
  };
}
