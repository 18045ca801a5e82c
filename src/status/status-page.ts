// The status page: sends a message a second to its clients, keeps the last hour, and answers the queries of the page.

import type Router from '@koa/router';
import type { DataPoint } from '../model/point.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { schedule } from '../runtime/schedule.ts';
import type { Snapshot } from '../telemetry/snapshot.ts';
import { eventStream, eventText } from './event-stream.ts';
import { lastHour } from './last-hour.ts';
import { letterCounts, type LetterStore } from './letter-kinds.ts';
import { mapAggregates, type MapQuery } from './map-aggregates.ts';
import type { LocatedNode } from './map-projection.ts';
import type { MapNode, MapStats, NodeRun, StatusMessage, TestName } from './messages.ts';
import { pageRoutes } from './page-routes.ts';
import { type ConfigurationState, problemsOf } from './problems.ts';
import type { PushHistory } from './push-history.ts';
import { recentIncreases } from './recent-increases.ts';
import { notTakenCounts, statusMessageOf, sum } from './status-message.ts';

export interface StatusPage {
  mount(router: Router): void;
  /** Sends messages until the signal, then closes the event streams. */
  run(signal: AbortSignal): Promise<void>;
}

interface StatusPageOptions {
  readonly history: PushHistory;
  readonly snapshot: () => Promise<Snapshot>;
  readonly directory: {
    find(id: number): LocatedNode | undefined;
    all(): readonly LocatedNode[];
    refreshedAtMs(): number | undefined;
  };
  /** Dead letters and samples of malformed bodies. */
  readonly letters: readonly LetterStore[];
  readonly extras: () => SnapshotExtras;
  readonly clock: Clock;
  readonly log: Log;
}

/** State that the snapshot lacks. */
interface SnapshotExtras {
  /** Requests that were refused before they were read, since the start, by cause. */
  readonly refusedRequests: Readonly<Record<string, number>>;
  /** Counts of the Backstop source; undefined when it is off. */
  readonly backstop: object | undefined;
  /** Undefined when it is never reloaded. */
  readonly configuration: ConfigurationState | undefined;
}

const everyMs = 1000;

export function statusPage(options: StatusPageOptions): StatusPage {
  const { history, directory, clock, log } = options;
  const clients = eventStream();
  const hour = lastHour();
  const letters = letterCounts(options.letters);
  const nodes = placedNodes(directory);
  const increases = recentIncreases();
  let before: { readonly snapshot: Snapshot; readonly refused: number } | undefined;
  let now: StatusMessage | undefined;
  let sentNth = 0;

  async function tick(): Promise<void> {
    const snapshot = await options.snapshot();
    const recent = history.recent.after(sentNth);
    const { refusedRequests: refusedByCause, backstop, configuration } = options.extras();
    const refused = sum(Object.values(refusedByCause));
    const increased = increases({
      atMs: snapshot.atMs,
      notTaken: { ...notTakenCounts(snapshot), ...refusedByCause },
      letters: snapshot.deadLetters.added,
      waitingBytes: snapshot.spool.waitingBytes,
    });
    now = statusMessageOf(snapshot, before?.snapshot ?? snapshot, {
      letters: letters(clock.steady()),
      recent,
      backstop,
      problems: problemsOf(snapshot, increased, configuration),
      newLetters: sum(Object.values(increased.letters)),
      refusedRequests: [before?.refused ?? refused, refused],
    });
    before = { snapshot, refused };
    sentNth = recent.at(-1)?.nth ?? sentNth;
    const slot = hour.add(now, snapshot.pushes.answerTimes);
    clients.send(eventText('now', now) + (slot === undefined ? '' : eventText('slot', slot)));
  }

  function firstEvents(): string {
    const latest = now && { ...now, recent: history.recent.after(0) };
    return eventText('hour', hour.slots()) + (latest === undefined ? '' : eventText('now', latest));
  }

  const nodesVersion = (): string => `${directory.refreshedAtMs() ?? 0}`;
  return {
    mount: (router) =>
      pageRoutes(router, {
        watch: (response) => clients.add(response, firstEvents()),
        nodes: () => nodes(nodesVersion()),
        nodesVersion,
        tests: () => testsOf(history),
        map: cachedMaps(options),
        runsOf: (nodeId) => latestRuns(history, nodeId),
        pointLines: (nth) => history.recent.pointsOf(nth)?.map(putLine),
      }),
    async run(signal) {
      await schedule('count a second for the status page', tick, { everyMs, clock, log, signal });
      clients.close();
    },
  };
}

/** Projects the nodes again when the version changes. */
function placedNodes(directory: StatusPageOptions['directory']): (version: string) => Promise<readonly MapNode[]> {
  let cached: { readonly version: string; readonly nodes: Promise<MapNode[]> } | undefined;
  return (version) => {
    if (cached?.version !== version)
      cached = {
        version,
        nodes: import('./map-projection.ts').then(({ placedOnMap }) => placedOnMap(directory.all())),
      };
    return cached.nodes;
  };
}

const maxAgeMs = 2000;

/** Aggregates one map at a time, and each query at most every two seconds, for any number of clients. */
function cachedMaps({ history, directory, clock }: StatusPageOptions): (query: MapQuery) => Promise<MapStats> {
  const cached = new Map<string, { readonly atMs: number; readonly stats: Promise<MapStats> }>();
  let last: Promise<unknown> = Promise.resolve();
  return (query) => {
    for (const [key, { atMs }] of cached) if (clock.steady() - atMs >= maxAgeMs) cached.delete(key);
    const key = JSON.stringify(query);
    const fresh = cached.get(key);
    if (fresh !== undefined) return fresh.stats;
    const stats = last.then(() => mapAggregates(history, (id) => directory.find(id), query, clock.now()));
    last = stats.catch(() => undefined);
    cached.set(key, { atMs: clock.steady(), stats });
    return stats;
  };
}

function testsOf({ tests, testName }: PushHistory): TestName[] {
  return [...tests.ids()].toSorted((a, b) => a - b).map((id) => ({ id, name: testName(id) }));
}

const maxNodeRuns = 8;

function latestRuns({ ring, nodes, tests, testName, errorText }: PushHistory, nodeId: number): NodeRun[] {
  const node = nodes.find(nodeId);
  const { columns } = ring;
  const runs: NodeRun[] = [];
  for (let age = 0; node !== undefined && age < ring.count() && runs.length < maxNodeRuns; age += 1) {
    const at = ring.indexOf(age);
    if (columns.node[at] !== node) continue;
    const testId = tests.idOf(columns.test[at] as number) ?? 0;
    const rttMs = columns.rttMs[at] as number;
    runs.push({
      atMs: (columns.atS[at] as number) * 1e3,
      testId,
      testName: testName(testId),
      ...(!Number.isNaN(rttMs) && { rttMs: Number(rttMs.toPrecision(6)) }),
      error: errorText(columns.error[at] as number),
    });
  }
  return runs;
}

/** OpenTSDB's telnet syntax, as human-readable text. */
function putLine({ metric, timestamp, value, tags }: DataPoint): string {
  const pairs = Object.entries(tags).map(([name, text]) => `${name}=${text}`);
  return `put ${metric} ${timestamp} ${value} ${pairs.join(' ')}`;
}
