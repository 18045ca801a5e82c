// The original bridge's times are corrected, for every minute of the days on which clocks change.

import test from 'ava';
import { IANAZone } from 'luxon';
import { correctedTime } from '../../../../src/sources/catchpoint/replay/original-time.ts';

const minuteMs = 60_000;

/** The results of mktime for UTC digits in a zone, in seconds: one for each time whose wall clock shows the digits. */
function written(zone: IANAZone, digitsMs: number): number[] {
  const offsets = [
    ...new Set([-1440, -180, 0, 180, 1440].map((minutes) => zone.offset(digitsMs + minutes * minuteMs))),
  ];
  return offsets
    .map((offset) => digitsMs - offset * minuteMs)
    .filter((ms) => ms + zone.offset(ms) * minuteMs === digitsMs)
    .map((ms) => ms / 1000);
}

for (const [name, day] of [
  ['America/New_York', [2019, 10, 3]],
  ['America/New_York', [2019, 2, 10]],
  ['Europe/Berlin', [2019, 9, 27]],
  ['Australia/Lord_Howe', [2019, 3, 7]],
  ['America/Sao_Paulo', [2018, 10, 4]],
  ['Asia/Kolkata', [2019, 0, 1]],
] as const) {
  test(`corrects every time around ${day.join('-')} in ${name}, also repeated ones`, (t) => {
    const zone = IANAZone.create(name);
    const [year, month, date] = day;
    let twice = 0;
    for (let minute = -720; minute < 2160; minute += 1) {
      const digitsMs = Date.UTC(year, month, date) + minute * minuteMs;
      const seconds = written(zone, digitsMs);
      if (seconds.length > 1) twice += 1;
      for (const second of seconds) t.is(correctedTime(second, zone).timeMs, digitsMs);
    }
    t.is(
      twice,
      name === 'Australia/Lord_Howe' ? 30 : ['America/New_York', 'Europe/Berlin'].includes(name) && month > 5 ? 60 : 0,
    );
  });
}

test('times within the length of the gap on both sides are doubtful', (t) => {
  const zone = IANAZone.create('America/New_York');
  const gapMs = Date.UTC(2019, 2, 10, 7);
  const doubtful: number[] = [];
  for (let minute = -300; minute < 300; minute += 1) {
    if (correctedTime(gapMs / 1000 + minute * 60, zone).isDoubtful) doubtful.push(minute);
  }
  t.deepEqual([doubtful.length, doubtful[0], doubtful.at(-1)], [120, -60, 59]);
});
