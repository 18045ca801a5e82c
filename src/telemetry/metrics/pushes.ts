// The measures of what comes in: pushes, and what the sources hand on.

import type { SourceSnapshot } from '../source-counts.ts';
import { by, labelled, type Metric, picked, type Sample, seconds, single } from './metric.ts';

const eachSource = (
  sources: readonly SourceSnapshot[],
  read: (source: SourceSnapshot) => readonly Sample[],
): readonly Sample[] => sources.flatMap((source) => labelled({ source: source.name }, read(source)));

const backstopRequests = {
  duplicate: 'duplicate',
  malformed: 'malformed',
  not_allowed: 'notAllowed',
  refused: 'refused',
  failed: 'failed',
} as const;

export const pushMetrics: readonly Metric[] = [
  {
    name: 'pushes_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: 'risk',
    help:
      'Pushes, each under what became of it. Answered 200: taken, missed (the node is not known yet), implausible (its time cannot be; a dead ' +
      'letter), cardinality (it brings more than the guard lets in; a dead letter), duplicate, conflict. Answered 4xx: malformed, denied (the sender may not speak for what it names). Answered 5xx: refused, failed; Catchpoint sends those again for an hour, and then they are gone',
    read: ({ pushes }) => by('outcome', pushes.byOutcome),
  },
  {
    name: 'push_duration_seconds',
    type: 'histogram',
    labels: [],
    alarm: undefined,
    help: 'From the head of a push to its answer; Catchpoint gives up after 20 s',
    read: ({ pushes }) => [{ labels: {}, value: pushes.answerTimes }],
  },
  {
    name: 'source_points_total',
    type: 'counter',
    labels: ['source'],
    alarm: undefined,
    help: 'Points that a source has handed on and that are on disk',
    read: ({ sources }) => eachSource(sources, ({ points }) => single(points)),
  },
  {
    name: 'source_deliveries_total',
    type: 'counter',
    labels: ['source', 'outcome'],
    alarm: undefined,
    help: 'Deliveries of a source: stored, duplicate (it was there already) or failed (the source was told)',
    read: ({ sources }) =>
      eachSource(sources, ({ deliveries, duplicates, failures }) =>
        by('outcome', { stored: deliveries, duplicate: duplicates, failed: failures }),
      ),
  },
  {
    name: 'source_last_delivery_timestamp_seconds',
    type: 'gauge',
    labels: ['source'],
    alarm: undefined,
    help: "When a source's last delivery was on disk; absent before the first",
    read: ({ sources }) => eachSource(sources, ({ lastAtMs }) => single(seconds(lastAtMs))),
  },
  {
    name: 'backstop_items_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: undefined,
    help:
      "Value lists, notifications, published metrics, commits and events that came in Backstop's way: accepted, rejected (its sender was told) or skipped " +
      '(nothing in it to store); only with --backstop',
    read: ({ backstop }) =>
      backstop === undefined
        ? []
        : by('outcome', picked(backstop, { accepted: 'accepted', rejected: 'rejected', skipped: 'skipped' })),
  },
  {
    name: 'backstop_requests_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: 'risk',
    help:
      "Requests in Backstop's way of which nothing was taken. Answered 200: duplicate. Answered 4xx: malformed, not_allowed. Answered 5xx: refused, failed; " +
      'collectd does not send those again; only with --backstop',
    read: ({ backstop }) => (backstop === undefined ? [] : by('outcome', picked(backstop, backstopRequests))),
  },
  {
    name: 'archived_pushes_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: undefined,
    help: 'Pushes that were answered 200: archived, or lost to the archive alone; only with --archive',
    read: ({ archive }) =>
      archive === undefined ? [] : by('outcome', { archived: archive.archived, lost: archive.lost }),
  },
];
