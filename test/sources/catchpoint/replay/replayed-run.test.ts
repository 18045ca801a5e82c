// A line of a replay is an archived push, a bare push or a record of the original bridge. Any other line is refused.

import test from 'ava';
import { IANAZone } from 'luxon';
import { readFileSync } from 'node:fs';
import { archivedLine } from '../../../../src/sources/catchpoint/archive/archive.ts';
import { replayedRun, type ReplayedRun } from '../../../../src/sources/catchpoint/replay/replayed-run.ts';
import { golden, goldenPush } from '../samples.ts';

const sample = goldenPush('ns1-sample');
const record = readFileSync(`${golden}replay/utc.ndjson`, 'utf8').trim();
const run = (line: string, writtenIn?: IANAZone): ReplayedRun => replayedRun(line, { extras: false, writtenIn });
const archived = (body: Buffer): string => archivedLine(body, '2026-11-18T10:00:00.000Z').toString().trimEnd();

const bodies: readonly (readonly [what: string, body: Buffer])[] = [
  ['on one line', Buffer.from(sample.toString().trim())],
  ['on several lines', Buffer.from(JSON.stringify(JSON.parse(sample.toString()), undefined, 2))],
  ['with CRLF line ends', Buffer.from(`\r\n${sample.toString().trim()}\r\n`)],
  ['with spaces around it', Buffer.from(`  ${sample.toString().trim()} `)],
  ['with U+2028', Buffer.from(sample.toString().trim().replace('Test Name', 'a\u2028b'))],
  ['with a number that JSON.stringify would change', Buffer.from(sample.toString().trim().replace('158', '158.000'))],
];

for (const [what, body] of bodies) {
  test(`an archived push ${what} is the same byte for byte`, (t) => {
    const line = archived(body);
    t.false(line.includes('\n'));
    t.like(JSON.parse(line), { receivedAt: '2026-11-18T10:00:00.000Z' });
    const { body: replayed, measurement } = run(line);
    t.is(replayed.toString(), body.toString());
    t.like(measurement, { testId: 12345, nodeId: 312, timeMs: 1456448689609 });
  });
}

test('a push in UTF-16 is archived as text', (t) => {
  const body = Buffer.from(`\ufeff${sample.toString()}`, 'utf16le');
  t.like(run(archived(body)).measurement, { testId: 12345, timeMs: 1456448689609 });
});

test('a rewritten line of an archive and a bare push are read', (t) => {
  const value = JSON.parse(sample.toString()) as unknown;
  t.is(run(JSON.stringify({ body: value, receivedAt: 'x', more: {} })).measurement.testId, 12345);
  t.is(run(JSON.stringify(value)).measurement.testId, 12345);
});

test('a record of the original bridge needs its time zone', (t) => {
  const error = t.throws(() => run(record), { name: 'ZoneMissing', message: /--written-in-zone America\/New_York/ });
  t.is((error as Error & { exitCode?: number }).exitCode, 64);
  t.like(run(record, IANAZone.create('UTC')), {
    node: { id: 312, city: 'Jinan', isp: 'China Unicom' },
    measurement: { timeMs: 1456448689000 },
  });
});

for (const [what, line, message] of [
  ['no JSON', '{"receivedAt"', /^expected a line of JSON, found text that is not JSON/],
  ['no push', '{"receivedAt":"x","body":{"TestId":1}}', /^NodeId: expected an integer/],
  ['a number as its body', '{"receivedAt":"x","body":5}', 'body: expected a push, found 5'],
  ['a list', '[1]', 'body: expected one JSON object, found an array'],
  [
    'a record without a node',
    record.replace('312', 'null'),
    'nodeid: expected an integer from 1 to 2^53-1, found null',
  ],
  [
    'a record with a time in milliseconds',
    record.replace('1456448689', '1456448689000'),
    'timestamp: expected seconds since 1970, found 1456448689000',
  ],
] as const) {
  test(`a line with ${what} is refused`, (t) => {
    t.throws(() => run(line, IANAZone.create('UTC')), { name: 'NotAPush', message });
  });
}
