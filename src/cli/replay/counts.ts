// The counts of a replay and its summary.

import { DateTime } from 'luxon';
import { formatCount } from '../terminal-text.ts';

export interface ReplayCounts {
  /** Lines; each is also counted as replayed, duplicate, malformed or skipped. */
  read: number;
  replayed: number;
  /** Replayed without some slices: the node is not known. */
  missed: number;
  /** Replayed as dead letters: the time is implausible. */
  implausible: number;
  /** Replayed as dead letters: the cardinality guard refused them. */
  cardinality: number;
  /** Replayed although the run was there with other contents. */
  conflict: number;
  duplicate: number;
  malformed: number;
  skipped: number;
  /** Unreadable parts of files. */
  damaged: number;
  /** Times of replayed runs that may be off by a clock change, ms since 1970 UTC. */
  readonly doubtful: number[];
}

export function replayCounts(): ReplayCounts {
  return {
    read: 0,
    replayed: 0,
    missed: 0,
    implausible: 0,
    cardinality: 0,
    conflict: 0,
    duplicate: 0,
    malformed: 0,
    skipped: 0,
    damaged: 0,
    doubtful: [],
  };
}

type Row = readonly [name: string, value: number, note?: string];

export function summary(counts: ReplayCounts): string {
  const { read, replayed, duplicate, malformed, skipped, doubtful } = counts;
  const always: readonly Row[] = Object.entries({ read, replayed, duplicate, malformed, skipped });
  const unlessZero: readonly Row[] = [
    ['missed', counts.missed, 'of those replayed: from nodes that are not known'],
    ['implausible', counts.implausible, 'of those replayed: dead letters, their time cannot be'],
    [
      'cardinality',
      counts.cardinality,
      'of those replayed: dead letters, they bring more tests, nodes or tag values than are let in',
    ],
    ['conflict', counts.conflict, 'of those replayed: were there with other contents'],
    ['damaged', counts.damaged, 'stretches that could not be read'],
    ['doubtful', doubtful.length, `beside a clock change, perhaps off by it: ${hoursOf(doubtful)}`],
  ];
  const rows = [...always, ...unlessZero.filter(([, value]) => value > 0)];
  return rows.map(row).join('');
}

function row([name, value, note]: Row): string {
  return `${name.padEnd(12)}${formatCount(value).padStart(10)}${note === undefined ? '' : `   ${note}`}\n`;
}

const maxHours = 6;

/** The different hours of the times, such as `2019-03-10T01h, 2019-03-10T03h UTC`. */
function hoursOf(timesMs: readonly number[]): string {
  const times = timesMs.toSorted((a, b) => a - b).map((ms) => DateTime.fromMillis(ms, { zone: 'utc' }));
  const hours = [...new Set(times.map((time) => time.toFormat("yyyy-MM-dd'T'HH'h'")))];
  const more = hours.length > maxHours ? `, and ${hours.length - maxHours} more hours` : '';
  return `${hours.slice(0, maxHours).join(', ')}${more} UTC`;
}
