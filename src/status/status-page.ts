// The status page: a message a second to whoever watches, the last hour, and what the map and the lists are asked for.

import type Router from '@koa/router';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { DataPoint } from '../model/point.ts';
import { schedule } from '../runtime/schedule.ts';
import type { Snapshot } from '../telemetry/snapshot.ts';
import { eventStreamClients, eventText } from './event-stream-clients.ts';
import { lastHour } from './last-hour.ts';
import { recentIncreases } from './recent-increases.ts';
import { type CountedLetters, letterCounts } from './letter-kinds.ts';
import { mapAggregates, type MapQuery } from './map-aggregates.ts';
import type { MapFigures, MapNode, NodeRun, StatusMessage, SeenTest } from './messages.ts';
import { pageRoutes } from './page-routes.ts';
import type { PushHistory } from './push-history.ts';
import { type ConfigurationSeen, problemsOf } from './problems.ts';
import { notTakenCounts, statusMessageOf } from './status-message.ts';
import type { PlacedNode } from './map-projection.ts';

export interface StatusPage {
  mount(router: Router): void;
  /** Counts the seconds until the signal, then lets everybody go who watches. */
  run(signal: AbortSignal): Promise<void>;
}

export interface StatusPageOptions {
  readonly seen: PushHistory;
  readonly snapshot: () => Promise<Snapshot>;
  readonly directory: {
    find(id: number): PlacedNode | undefined;
    all(): readonly PlacedNode[];
    refreshedAtMs(): number | undefined;
  };
  /** Dead letters and samples of malformed bodies. */
  readonly letters: readonly CountedLetters[];
  /** What is told beside the snapshot. */
  readonly besides?: () => BesidesSeen;
  readonly clock: Clock;
  readonly log: Log;
}

export interface BesidesSeen {
  /** Requests that were turned away before they were read, since the start, by cause. */
  readonly turnedAway: Readonly<Record<string, number>>;
  /** What became of what the Backstop source was sent; undefined where it is switched off. */
  readonly backstop: object | undefined;
  /** Undefined where it is not read again. */
  readonly configuration: ConfigurationSeen | undefined;
}

const nothingBesides: BesidesSeen = { turnedAway: {}, backstop: undefined, configuration: undefined };

const everyMs = 1000;

export function statusPage(options: StatusPageOptions): StatusPage {
  const { seen, directory, clock, log } = options;
  const clients = eventStreamClients();
  const hour = lastHour();
  const letters = letterCounts(options.letters);
  const sheet = remembered(async () => (await import('./map-projection.ts')).onSheet(directory.all()));
  const maps = mapsInTurn(options);
  const lately = recentIncreases();
  let before: Snapshot | undefined;
  let turnedAwayBefore: number | undefined;
  let now: StatusMessage | undefined;
  let shownNth = 0;

  async function tick(): Promise<void> {
    const snapshot = await options.snapshot();
    const recent = seen.recent.after(shownNth);
    const { turnedAway, backstop, configuration } = options.besides?.() ?? nothingBesides;
    const away = total(turnedAway);
    const late = lately({
      atMs: snapshot.atMs,
      notTaken: { ...notTakenCounts(snapshot), ...turnedAway },
      letters: snapshot.deadLetters.added,
      waitingBytes: snapshot.spool.waitingBytes,
    });
    now = statusMessageOf(snapshot, before ?? snapshot, {
      letters: letters.kinds(clock.steady()),
      recent,
      backstop,
      troubles: problemsOf(snapshot, late, configuration),
      newLetters: total(late.letters),
      turnedAway: [turnedAwayBefore ?? away, away],
    });
    before = snapshot;
    turnedAwayBefore = away;
    shownNth = recent.at(-1)?.nth ?? shownNth;
    const slot = hour.add(now, snapshot.pushes.answerTimes);
    clients.send(eventText('now', now) + (slot === undefined ? '' : eventText('slot', slot)));
  }

  function greeting(): string {
    const latest = now && { ...now, recent: seen.recent.after(0) };
    return eventText('hour', hour.slots()) + (latest === undefined ? '' : eventText('now', latest));
  }

  const nodesVersion = (): string => `${directory.refreshedAtMs() ?? 0}`;
  return {
    mount: (router) =>
      pageRoutes(router, {
        watch: (response) => clients.add(response, greeting()),
        nodes: () => sheet(nodesVersion()),
        nodesVersion,
        tests: () => seenTests(seen),
        map: maps,
        runsOf: (nodeId) => latestRuns(seen, nodeId),
        pointLines: (nth) => seen.recent.pointsOf(nth)?.map(putLine),
      }),
    async run(signal) {
      await schedule('count a second for the status page', tick, { everyMs, clock, log, signal });
      clients.close();
    },
  };
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

/** Makes it anew when the version has changed. */
function remembered(make: () => Promise<MapNode[]>): (version: string) => Promise<readonly MapNode[]> {
  let made: { readonly version: string; readonly nodes: Promise<MapNode[]> } | undefined;
  return (version) => {
    if (made?.version !== version) made = { version, nodes: make() };
    return made.nodes;
  };
}

const freshMs = 2000;

/** One at a time, and each at most every two seconds, however many look at it. */
function mapsInTurn({ seen, directory, clock }: StatusPageOptions): (query: MapQuery) => Promise<MapFigures> {
  const made = new Map<string, { readonly atMs: number; readonly figures: Promise<MapFigures> }>();
  let last: Promise<unknown> = Promise.resolve();
  return (query) => {
    for (const [key, { atMs }] of made) if (clock.steady() - atMs >= freshMs) made.delete(key);
    const key = JSON.stringify(query);
    const earlier = made.get(key);
    if (earlier !== undefined) return earlier.figures;
    const figures = last.then(() => mapAggregates(seen, (id) => directory.find(id), query, clock.now()));
    last = figures.catch(() => undefined);
    made.set(key, { atMs: clock.steady(), figures });
    return figures;
  };
}

function seenTests({ tests, testName }: PushHistory): SeenTest[] {
  return [...tests.ids()].toSorted((a, b) => a - b).map((id) => ({ id, name: testName(id) }));
}

const shownRuns = 8;

function latestRuns({ ring, nodes, tests, testName, errorText }: PushHistory, nodeId: number): NodeRun[] {
  const number = nodes.find(nodeId);
  const { columns } = ring;
  const size = columns.node.length;
  const runs: NodeRun[] = [];
  for (let back = 1; number !== undefined && back <= ring.count() && runs.length < shownRuns; back += 1) {
    const at = (ring.next() - back + size) & (size - 1);
    if (columns.node[at] !== number) continue;
    const testId = tests.idOf(columns.test[at] as number) ?? 0;
    const rttMs = columns.rttMs[at] as number;
    runs.push({
      atMs: (columns.atS[at] as number) * 1e3,
      testId,
      testName: testName(testId),
      ...(Number.isNaN(rttMs) ? {} : { rttMs: Number(rttMs.toPrecision(6)) }),
      error: errorText(columns.error[at] as number),
    });
  }
  return runs;
}

/** As telnet would have it, for people. */
function putLine({ metric, timestamp, value, tags }: DataPoint): string {
  return `put ${metric} ${timestamp} ${value} ${Object.entries(tags)
    .map(([name, text]) => `${name}=${text}`)
    .join(' ')}`;
}
