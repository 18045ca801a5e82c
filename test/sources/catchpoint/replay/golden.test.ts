// Golden pairs of replay: records of the original bridge's -f in several time zones, made with its Python's mktime,
// and the put lines of the same runs at their correct times.

import test from 'ava';
import { IANAZone } from 'luxon';
import { readdirSync, readFileSync } from 'node:fs';
import { expanded } from '../../../../src/model/factored-points.ts';
import { renderPutLine } from '../../../../src/sinks/opentsdb/text/point-text.ts';
import { replayedRun, type ReplayedRun } from '../../../../src/sources/catchpoint/replay/replayed-run.ts';
import { slicer } from '../../../../src/sources/catchpoint/slices.ts';
import { defaultSlices, golden } from '../samples.ts';

const folder = `${golden}replay/`;
const zones: Readonly<Record<string, string>> = { 'new-york': 'America/New_York', dublin: 'Europe/Dublin', utc: 'UTC' };
const slice = slicer(defaultSlices);

function runs(name: string): ReplayedRun[] {
  const lines = readFileSync(`${folder}${name}.ndjson`, 'utf8').trim().split('\n');
  return lines.map((line) => replayedRun(line, { extras: false, writtenIn: IANAZone.create(zones[name] as string) }));
}

test('every file has a time zone', (t) => {
  const files = readdirSync(folder);
  t.deepEqual(
    files
      .filter((file) => file.endsWith('.ndjson'))
      .map((file) => file.replace('.ndjson', ''))
      .toSorted(),
    Object.keys(zones).toSorted(),
  );
});

for (const name of Object.keys(zones)) {
  test(`the records of ${name} have the points of their pair`, (t) => {
    const lines = runs(name).flatMap(({ measurement, node }) =>
      expanded(slice(measurement, node)).map((point) => `${renderPutLine(point)}\n`),
    );
    t.is(lines.join(''), readFileSync(`${folder}${name}.points`, 'utf8'));
  });
}

test('times near a clock set forward are doubtful, times near a clock set back are not', (t) => {
  const doubtful = (name: string): string[] =>
    runs(name)
      .filter((run) => run.isDoubtful)
      .map(({ measurement }) => new Date(measurement.timeMs).toISOString());
  t.deepEqual(doubtful('new-york'), ['2019-03-10T01:59:59.000Z', '2019-03-10T03:30:00.000Z']);
  t.deepEqual(doubtful('dublin'), ['2019-03-31T00:00:00.000Z', '2019-03-31T02:00:00.000Z']);
  t.deepEqual(doubtful('utc'), []);
});
