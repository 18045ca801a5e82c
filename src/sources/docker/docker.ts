// The Docker source: polls the containers of an engine and delivers their figures.
//
//   engine ──listing──► poll ──details, statistics──► sampling ──figures──► names ──points──► deliver
//     └───events──► event-stream ──► event-counters ──► event-points ─────────────────────────►─┘

import type { DataPoint, Deliver, TimeUnit } from '../../model/point.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import { type Connection, connection } from './connection.ts';
import { containerStates } from './container-states.ts';
import { engineAddress, isSocketFile } from './engine/address.ts';
import { type Engine, EngineError, type EngineInfo, type ListedContainer } from './engine/engine.ts';
import { openEngine } from './engine/open-engine.ts';
import { eventCounters } from './event-counters.ts';
import { eventPoints } from './event-points.ts';
import { eventStream } from './event-stream.ts';
import { isSelected, parseFilter } from './naming/filters.ts';
import { type Names, namesOf } from './naming/names.ts';
import { applyRules, parseRules } from './naming/rules.ts';
import { pollLoop } from './poll-loop.ts';
import { poller } from './poll.ts';
import type { Candidate } from './sampling.ts';
import type { DockerStatus } from './status.ts';

/** The settings of the source. */
export interface DockerSettings {
  /** unix:///path, http://host:port, https://host:port or tcp://host:port. */
  readonly url: string;
  /** tcp:// speaks TLS. https:// always does. */
  readonly isTls: boolean;
  /** A directory with ca.pem, cert.pem and key.pem, each of which may be missing. */
  readonly certDirectory: string | undefined;
  readonly pollMs: number;
  /** JSON array of {regexp, into, category}; undefined: none. */
  readonly rules: string | undefined;
  /** `name=GLOB`, `label=NAME` or `label=NAME=GLOB`. A container is polled if it matches any; empty: all. */
  readonly include: readonly string[];
  /** The same; a container that matches any is not polled. */
  readonly exclude: readonly string[];
  /** Labels that become tags. */
  readonly labelTags: readonly { readonly label: string; readonly tag: string }[];
  readonly naming: 'legacy' | 'tags';
  /** The first part of every metric, with a dot behind it; empty: none. */
  readonly prefix: string;
  /** `original`: those of docker-stats-to-backstop alone. */
  readonly figures: 'all' | 'original';
  /** The host in names and tags; undefined: the engine's own name, or that of this machine. */
  readonly hostname: string | undefined;
  /** Containers that are asked at once. */
  readonly concurrency: number;
}

export interface DockerOptions extends DockerSettings {
  readonly unit: TimeUnit;
  /** The name of this machine. */
  readonly machineName: string | undefined;
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface Docker {
  /** Polls until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  status(): DockerStatus;
}

/** The time limit of a request; docker-stats-to-backstop had the same. */
const requestTimeoutMs = 32_000;

/** The engine is first contacted by `run`. @throws Error for a rule, filter or address that cannot be used */
export function openDocker(options: DockerOptions): Docker {
  const { unit, clock, random, log } = options;
  const engine = openEngine({ ...options, address: engineAddress(options, isSocketFile), requestTimeoutMs });
  const [states, counters] = [containerStates(), eventCounters(unit)];
  const link = connection({ engine, clock, log });
  const { isSelected, nameOf } = selection(options);
  const events = { engine, connection: link, states, counters, isSelected, clock, random, log };
  const stream = eventStream({ ...events, listed: (id) => polls.listed(id) });
  const names = namesByHost(options, () => link.status().engine?.hostname);
  const polls = poller({
    ...options,
    engine: withListener(engine, link.succeeded),
    states,
    counters,
    names,
    nameOf,
    isSelected,
    timestampOf: (atMs) => Math.floor(unit === 'ms' ? atMs : atMs / 1000),
  });
  const deliverEvents = eventDelivery(options, () => {
    const moments = [...counters.takeMoments()].flatMap(([id, taken]) => (polls.isLeftOut(id) ? [] : taken));
    return eventPoints(moments, { names: names(), nameOf });
  });
  const loop = pollLoop({
    ...options,
    onFailure: failureHandler(options, link),
    async poll(signal) {
      await deliverEvents();
      await link.open(signal);
      if (!stream.isOpen()) states.forgetDetails();
      return polls.poll(signal);
    },
  });
  return {
    async run(signal) {
      const polling = untilNextSecond(options, signal).then(() => loop.run(signal));
      await Promise.all([stream.run(signal), polling]);
      await deliverEvents();
      engine.close();
    },
    status: () => ({
      address: engine.address,
      ...link.status(),
      engine: withCgroup(link.status().engine, states.cgroupVersion),
      ...polls.counts(),
      lastPoll: loop.lastPoll(),
      polls: loop.counts(),
      events: { isConnected: stream.isOpen(), ...counters.totals(), lastError: stream.lastError() },
    }),
  };
}

/** Engines before API 1.41, and proxies that refuse /info, do not tell the version of the cgroups; samples do. */
function withCgroup(info: EngineInfo | undefined, sampled: EngineInfo['cgroupVersion']): EngineInfo | undefined {
  return info && { ...info, cgroupVersion: info.cgroupVersion ?? sampled };
}

/** A process that ended within this second may have sent points of it. Points of milliseconds need no pause. */
async function untilNextSecond({ unit, clock }: DockerOptions, signal: AbortSignal): Promise<void> {
  if (unit === 's') await clock.sleep(1000 - (clock.now() % 1000), { signal }).catch(() => {});
}

interface Selection {
  isSelected(container: Pick<ListedContainer, 'name' | 'labels'>): boolean;
  /** Applies the rules to a container's name. */
  nameOf(name: string): Pick<Candidate, 'name' | 'category'>;
}

function selection(options: DockerOptions): Selection {
  const rules = parseRules(options.rules);
  const include = options.include.map(parseFilter);
  const exclude = options.exclude.map(parseFilter);
  return {
    isSelected: (container) => isSelected(container, include, exclude),
    nameOf: (name) => applyRules(rules, name),
  };
}

/** The engine's name is known once it has answered. */
function namesByHost(options: DockerOptions, engineName: () => string | undefined): () => Names {
  let made: { readonly hostname: string; readonly names: Names } | undefined;
  return () => {
    const hostname = options.hostname ?? engineName() ?? options.machineName ?? 'unknown';
    if (made?.hostname !== hostname) made = { hostname, names: namesOf({ ...options, hostname }) };
    return made.names;
  };
}

/** Calls the listener after each listing. */
function withListener(engine: Engine, onListing: () => void): Engine {
  return {
    ...engine,
    async containers(signal) {
      const containers = await engine.containers(signal);
      onListing();
      return containers;
    },
  };
}

/** What is no error of the engine is one of this program: it is not reported as an engine that does not answer. */
function failureHandler({ clock, log }: DockerOptions, link: Connection): (error: Error) => void {
  const throttle = logThrottle(clock);
  return (error) => {
    if (error instanceof EngineError) return link.failed(error);
    const { message: reason, stack } = error;
    throttle((times) => log.error({ times, reason, stack }, 'polls of the Docker engine fail'));
  };
}

/** Points of events wait for so many others while they cannot be stored. */
const maxPendingPoints = 10_000;

/** Delivers the points of events. What cannot be stored is delivered with the next ones. */
function eventDelivery({ deliver, clock, log }: DockerOptions, take: () => readonly DataPoint[]): () => Promise<void> {
  const throttle = logThrottle(clock);
  let pending: DataPoint[] = [];
  return async () => {
    try {
      pending = pending.concat(take());
      if (pending.length === 0) return;
      await deliver(pending);
      pending = [];
    } catch (error) {
      const reason = (error as Error).message;
      const dropped = pending.splice(0, Math.max(0, pending.length - maxPendingPoints)).length;
      const points = pending.length;
      throttle((times) => log.warn({ points, dropped, reason, times }, 'events of containers are not stored yet'));
    }
  };
}
