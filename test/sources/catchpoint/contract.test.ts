// The suite of every source, for Catchpoint's push.

import { openCatchpoint } from '../../../src/sources/catchpoint/catchpoint.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { movableClock } from '../../fakes/time.ts';
import { testSource } from '../contract.ts';
import { defaultOptions, noApi } from './open-source.ts';
import { dnsPush } from './samples.ts';

const nothingParked = { waitedFor: () => [], waitingFor: () => [], hasRoomFor: () => true };

testSource(
  "Catchpoint's push",
  {
    path: '/',
    good: dnsPush,
    malformed: [
      [dnsPush.replace('"NodeId": 312', '"NodeId": -312'), /NodeId: expected an integer from 1 to 2\^53-1, found -312/],
    ],
  },
  async (t, parts) => {
    const { mount } = await openCatchpoint({
      ...defaultOptions,
      ...parts,
      parking: nothingParked,
      api: { ...noApi, apiKey: 'K' },
      stateDir: await temporaryDirectory(t),
      clock: movableClock(),
    });
    return mount;
  },
);
