// A program that opens the spools in its arguments and prints their backlogs, since a damaged spool may crash the
// process. For each it prints a line of JSON: the put lines of all points and the reported losses, or the error.

import { systemClock } from '../../../src/runtime/clock.ts';
import type { DataPoint } from '../../../src/model/point.ts';
import { diskOf } from '../../../src/spool/disk/disk.ts';
import { openSpool } from '../../../src/spool/spool.ts';

/** The sink of the bridge. */
const sinkName = 'opentsdb';
const pointsABatch = 1_000;

for (const directory of process.argv.slice(2)) {
  try {
    const spool = await openSpool({
      directory,
      maxBytes: 2 ** 40,
      clock: systemClock(),
      disk: { ...diskOf(directory), takeReserve: () => {} },
    });
    const reader = await spool.reader(sinkName);
    const lines: string[] = [];
    for (let batch = reader.next(pointsABatch); batch !== undefined; batch = reader.next(pointsABatch))
      lines.push(...batch.points.map(lineOf));
    const lost = spool.lost();
    await spool.close();
    console.log(JSON.stringify({ directory, lines, lost }));
  } catch (error) {
    console.log(JSON.stringify({ directory, error: (error as Error).message }));
  }
}

function lineOf({ metric, timestamp, value, tags }: DataPoint): string {
  const pairs = Object.entries(tags).map((tag) => tag.join('='));
  return `${metric} ${timestamp} ${value} ${pairs.join(' ')}`;
}
