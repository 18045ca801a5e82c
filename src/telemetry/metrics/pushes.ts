// The metrics of the input: pushes, sources and the archive.

import type { SourceSnapshot } from '../source-counts.ts';
import { type Metric, type Reading, type Sample, samplesBy, toSeconds, withLabels } from './metric.ts';

function eachSource(sources: readonly SourceSnapshot[], read: (source: SourceSnapshot) => Reading): Sample[] {
  return sources.flatMap((source) => withLabels({ source: source.name }, read(source)));
}

export const pushMetrics: readonly Metric[] = [
  {
    name: 'pushes_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: 'risk',
    help:
      'Pushes, each under what became of it. Answered 200: taken, missed (the node is not known yet), implausible (its time cannot be; a dead ' +
      'letter), cardinality (it brings more than the guard lets in; a dead letter), duplicate, conflict. Answered 4xx: malformed, denied (the sender may not speak for what it names). Answered 5xx: refused, failed; Catchpoint sends those again for an hour, and then they are gone',
    read: ({ pushes }) => samplesBy('outcome', pushes.byOutcome),
  },
  {
    name: 'push_duration_seconds',
    type: 'histogram',
    help: 'From the head of a push to its answer; Catchpoint gives up after 20 s',
    read: ({ pushes }) => [{ labels: {}, value: pushes.answerTimes }],
  },
  {
    name: 'source_points_total',
    type: 'counter',
    labels: ['source'],
    help: 'Points that a source has handed on and that are on disk',
    read: ({ sources }) => eachSource(sources, ({ points }) => points),
  },
  {
    name: 'source_deliveries_total',
    type: 'counter',
    labels: ['source', 'outcome'],
    help: 'Deliveries of a source: stored, duplicate (it was there already) or failed (the source was told)',
    read: ({ sources }) =>
      eachSource(sources, ({ deliveries, duplicates, failures }) =>
        samplesBy('outcome', { stored: deliveries, duplicate: duplicates, failed: failures }),
      ),
  },
  {
    name: 'source_last_delivery_timestamp_seconds',
    type: 'gauge',
    labels: ['source'],
    help: "When a source's last delivery was on disk; absent before the first",
    read: ({ sources }) => eachSource(sources, ({ lastAtMs }) => toSeconds(lastAtMs)),
  },
  {
    name: 'backstop_items_total',
    type: 'counter',
    labels: ['outcome'],
    help:
      "Value lists, notifications, published metrics, commits and events that came in Backstop's way: accepted, rejected (its sender was told) or skipped " +
      '(nothing in it to store); only with --backstop',
    read: ({ backstop }) =>
      samplesBy(
        'outcome',
        backstop && { accepted: backstop.accepted, rejected: backstop.rejected, skipped: backstop.skipped },
      ),
  },
  {
    name: 'backstop_requests_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: 'risk',
    help:
      "Requests in Backstop's way of which nothing was taken. Answered 200: duplicate. Answered 4xx: malformed, not_allowed. Answered 5xx: refused, failed; " +
      'collectd does not send those again; only with --backstop',
    read: ({ backstop }) =>
      samplesBy(
        'outcome',
        backstop && {
          duplicate: backstop.duplicate,
          malformed: backstop.malformed,
          not_allowed: backstop.notAllowed,
          refused: backstop.refused,
          failed: backstop.failed,
        },
      ),
  },
  {
    name: 'archived_pushes_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Pushes that were answered 200: archived, or lost to the archive alone; only with --archive',
    read: ({ archive }) => samplesBy('outcome', archive && { archived: archive.archived, lost: archive.lost }),
  },
];
