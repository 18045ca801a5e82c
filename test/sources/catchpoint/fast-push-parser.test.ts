// The short way of the usual push comes to what the long way of every push comes to.

import test from 'ava';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { type MeasureOptions, measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import { parsePush } from '../../../src/sources/catchpoint/push-body.ts';
import { measurementOfPush } from '../../../src/sources/catchpoint/fast-push-parser.ts';

const folder = new URL('../../../../test/golden/catchpoint/', import.meta.url).pathname;
const payloads = readdirSync(folder).filter((file) => file.endsWith('.json'));

/** The measurement as text, its members in their order, or why there is none. */
function outcome(read: () => object): string {
  try {
    return JSON.stringify(read());
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

const ways = (body: Buffer, options: MeasureOptions): [short: string, long: string] => [
  outcome(() => measurementOfPush(body, options)),
  outcome(() => measurementOf(parsePush(body), options)),
];

for (const file of payloads) {
  test(`${file} is the same measurement by both ways`, (t) => {
    const body = readFileSync(folder + file);
    for (const options of [{}, { extras: true }, { labels: ['team', 'environment'] }]) {
      const [short, long] = ways(body, options);
      t.is(short, long);
      t.regex(short, /^\{"testId":/);
    }
  });
}

/** Objects that JSON.parse makes: a name such as `__proto__` is a member like any other. */
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom('6', '12', ' 7 ', '0x1f', '1e3', '-0', '', 'True', '__proto__'),
);
const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, 5, 6, 12, 2 ** 53, 1e12, 1e13));
const mostly = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd }, { weight: 1, arbitrary: numbers });
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

test('whatever stands in a push, both ways find the same in it', (t) => {
  let taken = 0;
  const property = fc.property(pushes, optional, (push, options) => {
    const { TestDetails, schema, Alert, ...usual } = push;
    for (const each of [usual, push]) {
      const [short, long] = ways(Buffer.from(JSON.stringify(each)), options);
      t.is(short, long);
      taken += Number(short.startsWith('{'));
    }
  });
  t.notThrows(() => fc.assert(property, { numRuns: 3000 }));
  t.true(taken > 500);
});

test('whatever bytes a push is of, both ways say the same of it', (t) => {
  const whole = readFileSync(`${folder}ns1-sample.json`);
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
      const [short, long] = ways(given, {});
      t.is(short, long);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 3000 }));
});
