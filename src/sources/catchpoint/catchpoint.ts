// The Catchpoint source: takes pushes over HTTP, keeps the node directory fresh and completes parked measurements.
//
// The path of a push: push-middleware.ts reads it from HTTP (push-route.ts for unusual URLs); push.ts processes it:
// fast-push-parser.ts measures, nodes/node.ts finds the node, slices.ts makes the points, and the spool stores them.

import type Router from '@koa/router';
import type { LetterRetry } from '../../model/point.ts';
import type { Log } from '../../runtime/log.ts';
import { schedule } from '../../runtime/schedule.ts';
import type { CardinalityStatus } from './cardinality/guard.ts';
import { openKnownNames } from './cardinality/known-names.ts';
import { letterRetry } from './letters.ts';
import type { ArchiveStatus } from './archive/archive.ts';
import { directoryFile } from './nodes/directory-file.ts';
import type { NodeListing } from './nodes/listing.ts';
import { nodeDirectory, type NodeDirectory } from './nodes/node.ts';
import { nodeListing } from './nodes/node-source.ts';
import { openOverrides } from './nodes/overrides-file.ts';
import { nodeRefresher, type NodeRefresherOptions, type RefreshStatus } from './nodes/refresh.ts';
import { parkedCompletion } from './parked.ts';
import { type PushCounts, pushIntake } from './push.ts';
import { type ProcessingChanges, type ProcessingOptions, pushProcessing } from './push-processing.ts';
import { type PushIntake, pushRoute, type ReadingOptions } from './push-route.ts';

export interface CatchpointOptions extends ProcessingOptions {
  readonly api: NodeApi;
  /** The folder for the archive of pushes, and how many days it covers. */
  readonly archive: { readonly directory: string; readonly days: number } | undefined;
  readonly stateDir: string;
  readonly random: () => number;
}

/** The source of the nodes; see nodeListing in nodes/node-source.ts. */
export interface NodeApi {
  readonly url: string;
  readonly key: string | undefined;
  readonly secret: string | undefined;
  readonly apiKey: string | undefined;
  readonly nodesFile: string | undefined;
  /** Path of the file of node overrides, which is reloaded when it changes. */
  readonly nodeOverrides?: string | undefined;
  readonly refreshHours: number;
}

export interface CatchpointStatus {
  readonly pushes: Readonly<PushCounts>;
  readonly nodes: RefreshStatus & { readonly known: number };
  readonly archive?: ArchiveStatus;
  readonly cardinality: CardinalityStatus;
}

/** Changes of settings that take effect without a restart. */
export interface CatchpointChanges extends ProcessingChanges {
  /** Causes a refresh at once. */
  readonly api?: Omit<NodeApi, 'refreshHours'>;
  readonly refreshHours?: number;
}

export interface Catchpoint {
  /** Takes pushes at `/` and `/catchpoint`. */
  mount(router: Router): void;
  /** Takes pushes whose bodies a worker or a middleware has read. */
  readonly intake: PushIntake;
  readonly reading: ReadingOptions;
  /** Refreshes the directory and completes parked measurements until the signal. */
  run(signal: AbortSignal): Promise<void>;
  readonly retryLetter: LetterRetry;
  readonly directory: Omit<NodeDirectory, 'replace'>;
  /** The returned function puts the changes into effect. Throws when there is no source of nodes. */
  prepare(changes: CatchpointChanges): () => void;
  /** Reads the file of node overrides, or none. The returned function puts it into effect. @throws WrongOverrides */
  prepareOverrides(path: string | undefined): Promise<() => void>;
  status(): CatchpointStatus;
}

/** The interval at which parked measurements are checked for their age. */
const expiryEveryMs = 600_000;

/**
 * Opens the source with the stored node directory.
 *
 * @throws WrongOverrides when the file of node overrides is unusable
 */
export async function openCatchpoint(options: CatchpointOptions): Promise<Catchpoint> {
  const { parking, api, clock, log, stateDir } = options;
  const directory = nodeDirectory();
  const overrides = await openOverrides({ path: api.nodeOverrides, clock, log });
  const known = await openKnownNames({ stateDir, log });
  const archive =
    options.archive && (await import('./archive/archive.ts')).pushArchive({ ...options.archive, clock, log });
  const missed = (nodeId: number): void => refresher.requestEarly(nodeId);
  const processing = pushProcessing(options, { directory, archive, missed, known, overrideOf: overrides.find });
  const intake = pushIntake(processing.options);
  const stopping = new AbortController();
  const completion = parkedCompletion(processing.options, stopping.signal);
  const refresher = nodeRefresher({
    ...refresherOptions(options),
    directory,
    onRefreshed() {
      known.forget('node', (id) => directory.find(Number(id)) !== undefined);
      completion.request().catch(waitLogger(log, stopping.signal));
    },
  });
  await refresher.load();
  for (const id of parking.waitedFor().map(Number)) if (directory.find(id) === undefined) refresher.requestEarly(id);
  return {
    directory,
    intake,
    reading: processing.reading,
    mount: (router) => pushRoute(router, intake, processing.reading),
    retryLetter: letterRetry(processing.options),
    async run(signal) {
      signal.addEventListener('abort', () => stopping.abort(signal.reason), { once: true });
      const times = { everyMs: expiryEveryMs, clock, log, signal };
      const expiry = schedule('complete parked measurements', completion.request, times);
      await Promise.all([refresher.run(signal), expiry, archive?.run(signal), overrides.run(signal)]);
      await Promise.all([completion.idle(), known.flush()]);
    },
    prepareOverrides: overrides.prepare,
    prepare(changes) {
      const list = changes.api && listingOf(options, changes.api);
      return () => {
        processing.change(changes);
        if (changes.refreshHours !== undefined) refresher.refreshEvery(changes.refreshHours);
        if (list !== undefined) refresher.setSource(list);
      };
    },
    status: () => ({
      pushes: processing.options.counts,
      nodes: { known: directory.all().length, ...refresher.status() },
      cardinality: processing.options.guard.status(),
      ...(archive && { archive: archive.status() }),
    }),
  };
}

function refresherOptions(options: CatchpointOptions): Omit<NodeRefresherOptions, 'directory' | 'onRefreshed'> {
  const { api, stateDir, clock, random, log } = options;
  return {
    file: directoryFile({ stateDir, log }),
    list: listingOf(options, api),
    everyHours: api.refreshHours,
    refreshAtStart: api.nodesFile !== undefined,
    clock,
    random,
    log,
  };
}

function waitLogger(log: Log, stopping: AbortSignal): (error: Error) => void {
  return (error) => {
    if (!stopping.aborted) log.warn({ reason: error.message }, 'parked measurements wait on');
  };
}

function listingOf(options: CatchpointOptions, api: Omit<NodeApi, 'refreshHours'>): NodeListing {
  const { stateDir, clock, random, log } = options;
  return nodeListing({ ...api, stateDir, clock, random, log });
}
