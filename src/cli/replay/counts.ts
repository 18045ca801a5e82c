// What became of the lines of a replay, counted and told.

import { DateTime } from 'luxon';
import { count } from '../ticker.ts';

export interface ReplayCounts {
  /** Lines; each ends as replayed, duplicate, malformed or skipped. */
  read: number;
  replayed: number;
  /** Of those replayed: the node is not known, so that some slices wait for it. */
  missed: number;
  /** Of those replayed: a dead letter, since the time cannot be. */
  implausible: number;
  /** Of those replayed: a dead letter, since it brings more than the cardinality guard lets in. */
  cardinality: number;
  /** Of those replayed: the same run was there with other contents. */
  conflict: number;
  duplicate: number;
  malformed: number;
  skipped: number;
  /** Stretches of files that could not be read. */
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

/** For people; what is not usual stands in it only when there was some. */
export function summary({ read, replayed, duplicate, malformed, skipped, doubtful, ...unusual }: ReplayCounts): string {
  const always: readonly Row[] = [
    ['read', read],
    ['replayed', replayed],
    ['duplicate', duplicate],
    ['malformed', malformed],
    ['skipped', skipped],
  ];
  const seldom: readonly Row[] = [
    ['missed', unusual.missed, 'of those replayed: from nodes that are not known'],
    ['implausible', unusual.implausible, 'of those replayed: dead letters, their time cannot be'],
    [
      'cardinality',
      unusual.cardinality,
      'of those replayed: dead letters, they bring more tests, nodes or tag values than are let in',
    ],
    ['conflict', unusual.conflict, 'of those replayed: were there with other contents'],
    ['damaged', unusual.damaged, 'stretches that could not be read'],
    ['doubtful', doubtful.length, `beside a clock change, perhaps off by it: ${hoursOf(doubtful)}`],
  ];
  return [...always, ...seldom.filter(([, value]) => value > 0)].map(row).join('');
}

type Row = readonly [name: string, value: number, note?: string];

function row([name, value, note]: Row): string {
  return `${name.padEnd(12)}${count(value).padStart(10)}${note === undefined ? '' : `   ${note}`}\n`;
}

const maxHours = 6;

/** The hours in which the times are. */
function hoursOf(timesMs: readonly number[]): string {
  const hours = [
    ...new Set(timesMs.map((ms) => DateTime.fromMillis(ms, { zone: 'utc' }).startOf('hour').toMillis())),
  ].toSorted((a, b) => a - b);
  const shown = hours
    .slice(0, maxHours)
    .map((ms) => DateTime.fromMillis(ms, { zone: 'utc' }).toFormat("yyyy-MM-dd'T'HH'h'"));
  return `${shown.join(', ')}${hours.length > maxHours ? `, and ${hours.length - maxHours} more hours` : ''} UTC`;
}
