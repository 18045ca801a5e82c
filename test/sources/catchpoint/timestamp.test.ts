// Catchpoint's timestamps are UTC, in every time zone of the process.

import test from 'ava';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { timestampMs } from '../../../src/sources/catchpoint/timestamp.ts';

test('17 digits are a time in UTC', (t) => {
  t.is(timestampMs('20160226010449609'), 1456448689609);
  t.is(timestampMs('20261118093412345'), 1794994452345);
  t.is(timestampMs('20240229000000000'), Date.UTC(2024, 1, 29));
});

test('a leap second is the first second of the next minute', (t) =>
  t.is(timestampMs('20161231235960000'), Date.UTC(2017, 0, 1)));

test('reads years after 2038', (t) => t.is(timestampMs('20991231235959999'), Date.UTC(2100, 0, 1) - 1));

for (const wrong of [
  '2016022601044960',
  '201602260104496090',
  '20160231010449609',
  '20161326010449609',
  '20160226240449609',
  '20160226016049609',
  '20160226010461609',
  '2016022601044960x',
  20160226010449609,
  null,
  undefined,
]) {
  test(`${JSON.stringify(wrong)} is not a timestamp`, (t) => t.is(timestampMs(wrong), undefined));
}

test('17 digits are a timestamp if and only if the calendar has that time', (t) => {
  const texts = fc.tuple(
    fc.integer({ min: 0, max: 9999 }),
    fc.nat(14),
    fc.nat(33),
    fc.nat(25),
    fc.nat(62),
    fc.nat(62),
    fc.nat(999),
  );
  const property = fc.property(texts, ([year, month, day, hour, minute, second, ms]) => {
    const at = new Date(Date.UTC(year, month - 1, day));
    const isTime =
      year >= 1000 &&
      at.getUTCMonth() === month - 1 &&
      at.getUTCDate() === day &&
      hour <= 23 &&
      minute <= 59 &&
      second <= 60;
    const text = [
      [year, 4],
      [month, 2],
      [day, 2],
      [hour, 2],
      [minute, 2],
      [second, 2],
      [ms, 3],
    ]
      .map(([part = 0, width = 0]) => String(part).padStart(width, '0'))
      .join('');
    t.is(timestampMs(text), isTime ? at.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + ms : undefined);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 3000 }));
});

for (const zone of ['America/New_York', 'Asia/Kolkata', 'Pacific/Auckland']) {
  test(`a process in ${zone} reads the same times, also in skipped and repeated hours`, (t) => {
    const texts = ['20160226010449609', '20260308073000000', '20261101053000000', '20260927020000000'];
    const module = new URL('../../../src/sources/catchpoint/timestamp.js', import.meta.url).href;
    const script = `import { timestampMs } from ${JSON.stringify(module)};
      console.log(JSON.stringify([new Date(0).getTimezoneOffset() === 0, ...${JSON.stringify(texts)}.map(timestampMs)]))`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TZ: zone },
    });
    t.deepEqual(JSON.parse(printed.toString()), [false, ...texts.map(timestampMs)]);
  });
}
