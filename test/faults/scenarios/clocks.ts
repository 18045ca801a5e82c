// F14: the clock jumps by hours while points are in the retry set, and the process runs in several time zones.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { fakeTimeLibrary } from '../fake-time.ts';
import { judge, type Verdict } from '../judge.ts';
import * as states from '../receiver-states.ts';
import type { Scenario, Setting } from '../scenario.ts';
import { openStage } from '../stage.ts';

const zones = ['America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'];
/** Successive offsets from the true time in seconds. */
const jumps = [3_600, -3_600, 0];

export const clocks: Scenario = {
  id: 'F14',
  title: 'the clock jumps by hours; zones other than UTC',
  async play(setting) {
    const library = await fakeTimeLibrary('F14');
    const verdicts = [await inZones(setting), await jumping(setting, library)];
    return { verdicts, figures: `${zones.length} zones; jumps to ${jumps.join(', ')} s` };
  },
};

async function inZones({ form, seed, closing }: Setting): Promise<Verdict> {
  const stage = await openStage({ seed, closing });
  await stage.begin();
  stage.pusher.start({ agents: 4, rate: 100 });
  for (const zone of zones) {
    await stage.bridge.stop();
    await stage.bridge.start({ TZ: zone });
    await pause(form === 'long' ? 5_000 : 300);
  }
  await stage.pusher.stop();
  return judge(stage);
}

async function jumping({ form, seed, closing }: Setting, library: string): Promise<Verdict> {
  const offset = join(await temporaryDirectory(closing), 'offset');
  writeFileSync(offset, '+0');
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: offset,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  const stage = await openStage({ seed, closing, env });
  const { receiver, pusher } = stage;
  await stage.begin();
  pusher.start({ agents: 4, rate: 100 });
  for (const seconds of jumps) {
    await receiver.be(states.partlyFailing);
    await pause(form === 'long' ? 5_000 : 1_000);
    writeFileSync(offset, `${seconds < 0 ? '' : '+'}${seconds}`);
    await pause(form === 'long' ? 5_000 : 500);
    await receiver.be(states.healthy);
    await pause(500);
  }
  await pusher.stop();
  return judge(stage, { drainMs: 60_000 });
}
