// The metrics of storage: spool, parked measurements, dead letters and losses.

import { type Metric, samplesBy } from './metric.ts';

/** These kinds of dead letters are shown as 0 before the first one. */
const knownKinds = [
  'rejected',
  'kept-too-long',
  'node-unknown',
  'parking-full',
  'implausible-time',
  'cardinality',
  'damaged',
] as const;
const noneAdded = Object.fromEntries(knownKinds.map((kind) => [kind, 0]));

const spoolMetrics: readonly Metric[] = [
  {
    name: 'spool_waiting_bytes',
    type: 'gauge',
    help: "What counts against the spool's bound: what waits for the slowest sink, is parked, and is dead",
    read: ({ spool }) => spool.waitingBytes,
  },
  {
    name: 'spool_max_bytes',
    type: 'gauge',
    help: 'The bound; when it is reached, pushes are refused',
    read: ({ spool }) => spool.maxBytes,
  },
  {
    name: 'spool_file_bytes',
    type: 'gauge',
    help: "The spool's files: segments, and those that are laid out to become one",
    read: ({ spool }) => spool.fileBytes,
  },
  {
    name: 'spool_disk_free_bytes',
    type: 'gauge',
    help: "What is free on the spool's disk",
    read: ({ spool }) => spool.freeBytes,
  },
  {
    name: 'spool_restoring',
    type: 'gauge',
    help: '1 while what an earlier version has stored is drained from its own store',
    read: ({ spool }) => Number(spool.isRestoring),
  },
  {
    name: 'spool_segments',
    type: 'gauge',
    help: "Segments of the spool's log that are still needed",
    read: ({ spool }) => spool.segments,
  },
  {
    name: 'spool_suspect_tails_total',
    type: 'counter',
    alarm: 'risk',
    help: 'Last groups of the log that were torn as they were written, or damaged, and are kept aside (*.tail); nobody can tell which; it goes on over restarts',
    read: ({ spool }) => spool.suspectTails,
  },
  {
    name: 'dedup_runs',
    type: 'gauge',
    help: 'Runs that are remembered, so that a push that comes again counts once',
    read: ({ spool }) => spool.dedup.runs,
  },
  {
    name: 'dedup_bytes',
    type: 'gauge',
    help: 'The memory that they take',
    read: ({ spool }) => spool.dedup.bytes,
  },
  {
    name: 'dedup_window_seconds',
    type: 'gauge',
    help: 'For how long a run is remembered: two hours, or less where --dedup-max-bytes is too little',
    read: ({ spool }) => spool.dedup.windowMs / 1000,
  },
  {
    name: 'spool_records_total',
    type: 'counter',
    help: 'Deliveries with points that were ever put into the spool; it goes on over restarts',
    read: ({ spool }) => spool.lastRecord,
  },
  {
    name: 'parked_measurements',
    type: 'gauge',
    help: 'Pushes from unknown nodes that wait for the node directory with a part of their slices; after a day they are dead letters',
    read: ({ parked }) => parked.count,
  },
  {
    name: 'parked_bytes',
    type: 'gauge',
    help: 'The bytes that count for them',
    read: ({ parked }) => parked.bytes,
  },
  {
    name: 'parked_nodes',
    type: 'gauge',
    help: 'The unknown nodes that they wait for',
    read: ({ parked }) => parked.nodes,
  },
];

const letterMetrics: readonly Metric[] = [
  {
    name: 'dead_letters',
    type: 'gauge',
    alarm: 'risk',
    help: 'Dead letters: what will not reach a sink unless somebody tries it again, kept until somebody looks',
    read: ({ deadLetters }) => deadLetters.count,
  },
  {
    name: 'dead_letters_bytes',
    type: 'gauge',
    help: "The bytes that count for them; at an eighth of the spool's bound pushes are refused",
    read: ({ deadLetters }) => deadLetters.bytes,
  },
  {
    name: 'dead_letters_added_total',
    type: 'counter',
    labels: ['kind'],
    alarm: 'risk',
    help: "How often something became a dead letter, by the reason's class; the same content counts each time",
    read: ({ deadLetters }) => samplesBy('kind', { ...noneAdded, ...deadLetters.added }),
  },
  {
    name: 'malformed_samples',
    type: 'gauge',
    help: 'Samples that are kept of bodies that were no pushes',
    read: ({ malformed }) => malformed.count,
  },
  {
    name: 'lost_total',
    type: 'counter',
    labels: ['what'],
    alarm: 'loss',
    help:
      'What was acknowledged and is gone, ever, since the disk damaged it: points, and the records that they were in; retries, parked, dead_letters; ' +
      'uncounted: damaged spools of unknown contents. gone_sink_points: waited for a sink that was not configured for a week; since the start. Must stay 0',
    read: ({ lost: { deadLetters, goneSinkPoints, ...others } }) =>
      samplesBy('what', { ...others, dead_letters: deadLetters, gone_sink_points: goneSinkPoints }),
  },
];

export const storageMetrics: readonly Metric[] = [...spoolMetrics, ...letterMetrics];
