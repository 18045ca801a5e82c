// A process of its own that opens stores as a start would and prints what is in each: a damaged one may end the process.
// Arguments: directories. For each a line of JSON: the put lines of all records, or what was wrong.

import { systemClock } from '../../../src/clock.ts';
import { diskOf } from '../../../src/spool/disk.ts';
import { decodeRecord } from '../../../src/spool/record.ts';
import { openStore } from '../../../src/spool/store.ts';

for (const directory of process.argv.slice(2)) {
  try {
    const store = await openStore(directory, { clock: systemClock(), disk: { ...diskOf(directory), takeReserve: () => {} } });
    const lines = [...store.records.getRange()].flatMap(({ key, value }) =>
      decodeRecord(key, value).points.map(({ metric, timestamp, value: number, tags }) => {
        const pairs = Object.entries(tags).map((tag) => tag.join('='));
        return `${metric} ${timestamp} ${number} ${pairs.join(' ')}`;
      }),
    );
    await store.close();
    console.log(JSON.stringify({ directory, lines }));
  } catch (error) {
    console.log(JSON.stringify({ directory, error: (error as Error).message }));
  }
}
