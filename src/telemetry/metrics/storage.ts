// The measures of what is kept on disk: the spool, what is parked, the dead letters; and of what is lost.

import { by, type Metric, single } from './metric.ts';

/** What becomes a dead letter, by the word that the spool has for it; there may be others. */
const kinds = [
  'rejected',
  'kept-too-long',
  'node-unknown',
  'parking-full',
  'implausible-time',
  'cardinality',
  'damaged',
] as const;
const noneAdded = Object.fromEntries(kinds.map((kind) => [kind, 0]));

const spoolMeasures: readonly Metric[] = [
  {
    name: 'spool_waiting_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: "What counts against the spool's bound: what waits for the slowest sink, is parked, and is dead",
    read: ({ spool }) => single(spool.waitingBytes),
  },
  {
    name: 'spool_max_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'The bound; when it is reached, pushes are refused',
    read: ({ spool }) => single(spool.maxBytes),
  },
  {
    name: 'spool_file_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: "The spool's files: segments, and those that are laid out to become one",
    read: ({ spool }) => single(spool.fileBytes),
  },
  {
    name: 'spool_disk_free_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: "What is free on the spool's disk",
    read: ({ spool }) => single(spool.freeBytes),
  },
  {
    name: 'spool_restoring',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: '1 while what an earlier version has stored is drained from its own store',
    read: ({ spool }) => single(spool.isRestoring ? 1 : 0),
  },
  {
    name: 'spool_segments',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: "Segments of the spool's log that are still needed",
    read: ({ spool }) => single(spool.segments),
  },
  {
    name: 'spool_suspect_tails_total',
    type: 'counter',
    labels: [],
    alarm: 'risk',
    help: 'Last groups of the log that were torn as they were written, or damaged, and are kept aside (*.tail); nobody can tell which; it goes on over restarts',
    read: ({ spool }) => single(spool.suspectTails),
  },
  {
    name: 'dedup_runs',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Runs that are remembered, so that a push that comes again counts once',
    read: ({ spool }) => single(spool.dedup.runs),
  },
  {
    name: 'dedup_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'The memory that they take',
    read: ({ spool }) => single(spool.dedup.bytes),
  },
  {
    name: 'dedup_window_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'For how long a run is remembered: two hours, or less where --dedup-max-bytes is too little',
    read: ({ spool }) => single(spool.dedup.windowMs / 1000),
  },
  {
    name: 'spool_records_total',
    type: 'counter',
    labels: [],
    alarm: undefined,
    help: 'Deliveries with points that were ever put into the spool; it goes on over restarts',
    read: ({ spool }) => single(spool.lastRecord),
  },
  {
    name: 'parked_measurements',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Pushes from unknown nodes that wait for the node directory with a part of their slices; after a day they are dead letters',
    read: ({ parked }) => single(parked.count),
  },
  {
    name: 'parked_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'The bytes that count for them',
    read: ({ parked }) => single(parked.bytes),
  },
  {
    name: 'parked_nodes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'The unknown nodes that they wait for',
    read: ({ parked }) => single(parked.nodes),
  },
];

const letterMeasures: readonly Metric[] = [
  {
    name: 'dead_letters',
    type: 'gauge',
    labels: [],
    alarm: 'risk',
    help: 'Dead letters: what will not reach a sink unless somebody tries it again, kept until somebody looks',
    read: ({ deadLetters }) => single(deadLetters.count),
  },
  {
    name: 'dead_letters_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: "The bytes that count for them; at an eighth of the spool's bound pushes are refused",
    read: ({ deadLetters }) => single(deadLetters.bytes),
  },
  {
    name: 'dead_letters_added_total',
    type: 'counter',
    labels: ['kind'],
    alarm: 'risk',
    help: "How often something became a dead letter, by the reason's class; the same content counts each time",
    read: ({ deadLetters }) => by('kind', { ...noneAdded, ...deadLetters.added }),
  },
  {
    name: 'malformed_samples',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Samples that are kept of bodies that were no pushes',
    read: ({ malformed }) => single(malformed.count),
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
      by('what', { ...others, dead_letters: deadLetters, gone_sink_points: goneSinkPoints }),
  },
];

export const storageMetrics: readonly Metric[] = [...spoolMeasures, ...letterMeasures];
