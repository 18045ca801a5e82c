// The times of the command line.

import test from 'ava';
import { ianaZone, timeArgument } from '../../../src/cli/replay/time-argument.ts';

const nowMs = Date.UTC(2026, 10, 18, 10);
const iso = (text: string): string => new Date(timeArgument(text, nowMs)).toISOString().replace('.000Z', 'Z');

test('ISO times with an offset, with a zone or in UTC, and times ago', (t) => {
  for (const [text, expected] of [
    ['2026-11-18T09:00Z', '2026-11-18T09:00:00Z'],
    ['2026-11-18T09:00', '2026-11-18T09:00:00Z'],
    ['2026-11-18', '2026-11-18T00:00:00Z'],
    ['20261118T0900', '2026-11-18T09:00:00Z'],
    ['2026-11-18T09:00+02:00', '2026-11-18T07:00:00Z'],
    ['2026-11-18T09:00 Europe/Berlin', '2026-11-18T08:00:00Z'],
    ['2026-07-01 America/New_York', '2026-07-01T04:00:00Z'],
    ['90m', '2026-11-18T08:30:00Z'],
    ['2h', '2026-11-18T08:00:00Z'],
    ['2h ago', '2026-11-18T08:00:00Z'],
    ['1.5 d', '2026-11-16T22:00:00Z'],
    ['1w', '2026-11-11T10:00:00Z'],
    ['PT2H30M', '2026-11-18T07:30:00Z'],
  ] as const) {
    t.is(iso(text), expected, text);
  }
});

test('other texts are errors', (t) => {
  const expected = 'expected a time such as 2026-11-18T09:00Z, 2026-11-18T09:00 Europe/Berlin or 2h (ago), found ';
  for (const text of ['', 'yesterday', '09:00', '2026-13-01', '5', '2026-11-18 09:00x', 'P']) {
    t.throws(
      () => timeArgument(text, nowMs),
      { message: text === '2026-11-18 09:00x' ? /IANA zone/ : `${expected}${JSON.stringify(text)}` },
      text,
    );
  }
  t.throws(() => timeArgument('2026-11-18 Mars/Base', nowMs), {
    message: 'expected an IANA zone such as America/New_York or UTC, found "Mars/Base"',
  });
  t.throws(() => ianaZone('EST5'), { message: 'expected an IANA zone such as America/New_York or UTC, found "EST5"' });
});
