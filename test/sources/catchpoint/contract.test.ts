// The suite of every source, on Catchpoint's push.

import { readFileSync } from 'node:fs';
import { silentLog } from '../../../src/runtime/log.ts';
import { openCatchpoint } from '../../../src/sources/catchpoint/catchpoint.ts';
import { dimensions } from '../../../src/sources/catchpoint/slices.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { movableClock } from '../../fakes/time.ts';
import { testSource } from '../contract.ts';

const good = readFileSync(new URL('../../../../test/golden/catchpoint/dns.json', import.meta.url), 'utf8');
const nobodyWaits = { waitedFor: () => [], of: () => [], expired: () => [], hasRoomFor: () => true };

testSource(
  "Catchpoint's push",
  {
    path: '/',
    good,
    malformed: [
      [good.replace('"NodeId": 312', '"NodeId": -312'), /NodeId: expected an integer from 1 to 2\^53-1, found -312/],
    ],
  },
  async (t, parts) => {
    const source = await openCatchpoint({
      ...parts,
      parking: nobodyWaits as never,
      api: {
        url: 'http://127.0.0.1:1',
        key: undefined,
        secret: undefined,
        apiKey: 'K',
        nodesFile: undefined,
        refreshHours: 24,
      },
      slices: { prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions },
      timings: false,
      archive: undefined,
      stateDir: await temporaryDirectory(t),
      clock: movableClock(),
      random: () => 0.5,
      log: silentLog(),
    });
    return source.mount;
  },
);
