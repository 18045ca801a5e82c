// The fast path of the parser gives the same measurement as the path for every form.

import test from 'ava';
import fc from 'fast-check';
import { readdirSync } from 'node:fs';
import { type MeasureOptions, measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import { parsePush } from '../../../src/sources/catchpoint/push-body.ts';
import { measurementOfPush } from '../../../src/sources/catchpoint/fast-push-parser.ts';
import { golden, goldenPush } from './samples.ts';

const names = readdirSync(`${golden}catchpoint`)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));

/** The measurement as JSON, or the error. */
function outcome(read: () => object): string {
  try {
    return JSON.stringify(read());
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

const bothPaths = (body: Buffer, options: MeasureOptions): [fast: string, general: string] => [
  outcome(() => measurementOfPush(body, options)),
  outcome(() => measurementOf(parsePush(body), options)),
];

for (const name of names) {
  test(`${name} gives the same measurement on both paths`, (t) => {
    const body = goldenPush(name);
    for (const options of [{}, { extras: true }, { labels: ['team', 'environment'] }]) {
      const [fast, general] = bothPaths(body, options);
      t.is(fast, general);
      t.regex(fast, /^\{"testId":/);
    }
  });
}

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom('6', '12', ' 7 ', '0x1f', '1e3', '-0', '', 'True', '__proto__'),
);
const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, 5, 6, 12, 2 ** 53, 1e12, 1e13));
const mostly = (common: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: common }, { weight: 1, arbitrary: odd }, { weight: 1, arbitrary: numbers });
const id = mostly(fc.oneof(fc.integer({ min: 1, max: 2 ** 33 }), fc.integer({ min: 1 }).map(String)));
const some = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  mostly(fc.record(members, { requiredKeys: [] }));
const timestamp = mostly(
  fc.oneof(
    fc
      .date({ min: new Date('0990-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().replace(/\D/g, '')),
    fc.stringMatching(/^20\d{2}[01]\d[0-3]\d[0-2]\d[0-6]\d[0-6]\d{4}$/),
  ),
);
const flag = mostly(fc.constantFrom(0, 1, true, false));
const error = some({ Any: flag, Dns: flag, Timeout: flag, Code: mostly(fc.constantFrom(0, 50010, '12007', '?')) });
const labels = mostly(fc.constantFrom([{ Team: ['a', 'b'] }], { team: 'x' }));
const duration = mostly(fc.integer({ min: 0 }));
const summary = some({
  V: fc.constant(1),
  Timestamp: timestamp,
  Timing: some({ Total: duration, Dns: duration, ContentType: some({ Image: duration }) }),
  Byte: some({ Response: some({ Headers: duration }) }),
  Counter: some({ Hosts: duration }),
  Error: error,
  Ping: some({ RoundTripTimeAvg: odd }),
});
const detail = some({
  Name: mostly(fc.string({ unit: 'binary' })),
  TypeId: mostly(fc.constantFrom(0, 2, 5, 6, 12)),
  MonitorTypeId: id,
  Labels: labels,
});
const pushes = fc.record(
  {
    TestDetail: detail,
    TestId: id,
    NodeId: id,
    NodeName: mostly(fc.string()),
    Asn: id,
    DivisionId: id,
    ClientId: id,
    TestRuntime: timestamp,
    Summary: summary,
    TestDetails: odd,
    schema: odd,
    Alert: odd,
  },
  { requiredKeys: ['TestDetail', 'TestId', 'NodeId', 'Summary'] },
);
const optional = fc.constantFrom({}, { extras: true }, { labels: ['team'] });

test('both paths agree on generated pushes', (t) => {
  let taken = 0;
  const property = fc.property(pushes, optional, (push, options) => {
    const { TestDetails: _details, schema: _schema, Alert: _alert, ...common } = push;
    for (const each of [common, push]) {
      const [fast, general] = bothPaths(Buffer.from(JSON.stringify(each)), options);
      t.is(fast, general);
      taken += Number(fast.startsWith('{'));
    }
  });
  t.notThrows(() => fc.assert(property, { numRuns: 3000 }));
  t.true(taken > 500);
});

test('both paths agree on damaged pushes', (t) => {
  const whole = goldenPush('ns1-sample');
  const places = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 4 })), {
    maxLength: 3,
  });
  const property = fc.property(
    places,
    fc.nat(whole.length),
    fc.boolean(),
    fc.constantFrom('', ' ', '\ufeff', '\u00a0', '\n'),
    (changes, length, isCut, around) => {
      const body = Buffer.from(whole);
      for (const [at, bytes] of changes) body.set(bytes.subarray(0, body.length - at), at);
      const given = Buffer.concat([Buffer.from(around), isCut ? body.subarray(0, length) : body, Buffer.from(around)]);
      const [fast, general] = bothPaths(given, {});
      t.is(fast, general);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 3000 }));
});
