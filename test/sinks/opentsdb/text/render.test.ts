// Whatever the OpenTSDB sinks render, a strict OpenTSDB parses to the same point.

import test from 'ava';
import fc from 'fast-check';
import { Socket } from 'node:net';
import type { DataPoint } from '../../../../src/model/point.ts';
import { readPuts } from '../../../../src/simulator/tsd/put-json.ts';
import { serveTelnet } from '../../../../src/simulator/tsd/telnet.ts';
import { tsdStore } from '../../../../src/simulator/tsd/store.ts';
import { uids } from '../../../../src/simulator/tsd/uids.ts';
import { faultOf } from '../../../../src/model/legal-point.ts';
import { renderImportLine, renderJson, renderPutLine } from '../../../../src/sinks/opentsdb/text/point-text.ts';
import { renderLegal } from '../../../../src/sinks/opentsdb/text/render.ts';
import { asLine, illegalPoints, point } from '../../contract.ts';

const name = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[A-Za-z0-9._/-]{1,12}$/),
  fc.constantFrom('__proto__', '1', 'é', 'a b'),
);
const value = fc.oneof(
  fc.double().map(String),
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number.toFixed(2)),
  fc.string(),
  fc.constantFrom(
    '158.0',
    '-0.0',
    '1e+21',
    '1E-7',
    '007',
    '+5',
    '1.',
    '.5',
    '9223372036854775807',
    '-9223372036854775808',
    '1e400',
  ),
);
const anyPoint = fc.record({
  metric: name,
  timestamp: fc.oneof(
    fc.integer(),
    fc.double(),
    fc.constantFrom(1, 1794994452, 4294967295, 4294967296, 1794994452123, 9999999999999),
  ),
  unit: fc.constantFrom('s' as const, 'ms' as const),
  value,
  tags: fc.array(fc.tuple(name, name), { maxLength: 10 }).map((pairs) => Object.fromEntries(pairs)),
});

function store() {
  const anything = uids({ metric: true, tagk: true, tagv: true });
  return tsdStore({ uids: anything, maxTags: 8, storage: () => 'stored', onPoint: () => {}, rememberedPoints: 10 });
}

test('a legal point is stored unchanged from its JSON', (t) => {
  fc.assert(
    fc.property(anyPoint, (point) => {
      if (faultOf(point) !== undefined) return;
      const [put] = readPuts(`[${renderJson(point)}]`);
      const strict = store();
      t.is(strict.add(put as Required<NonNullable<typeof put>>), 'stored');
      t.deepEqual(
        strict.points().map((stored) => ({ ...stored, tags: Object.entries(stored.tags) })),
        [{ ...point, tags: Object.entries(point.tags) }],
      );
    }),
    { numRuns: 5_000 },
  );
});

test('a legal point is stored unchanged from its telnet line, without other effects', (t) => {
  fc.assert(
    fc.property(anyPoint, (point) => {
      const strict = store();
      for (const { text } of renderLegal([point], 'put', 1024).legal) {
        serveTelnet(
          { store: strict, version: '', isReadOnly: false, onDie: () => t.fail() },
          new Socket(),
          Buffer.from(`${text}\n`),
        );
        t.deepEqual(strict.points().map(asLine), [asLine(point)]);
      }
      t.is(strict.counts.refused + strict.counts.commands.size + strict.counts.longLines, 0);
    }),
    { numRuns: 5_000 },
  );
});

test('a rendered line has no control character', (t) => {
  fc.assert(
    fc.property(anyPoint, (point) => {
      for (const { text } of renderLegal([point], 'put', 1024).legal) t.regex(text, /^[\x20-\x7e]{1,1024}$/);
    }),
    { numRuns: 5_000 },
  );
});

for (const point of illegalPoints) {
  test(`an illegal point is rejected: ${JSON.stringify(point).slice(0, 150)}`, (t) => {
    const { legal, rejected } = renderLegal([point], 'json', 8192);
    t.deepEqual(legal, []);
    t.regex(rejected[0]?.reason ?? '', /^not sent: .+(wanted|found)/);
    t.true((rejected[0]?.reason.length ?? 0) < 250);
  });
}

test('equal points have equal text in each format', (t) => {
  const float: DataPoint = { ...point(), metric: 'a.b', value: '158.0' };
  const json = '{"metric":"a.b","timestamp":1794994452,"value":158.0,"tags":{"nodeid":"312","city":"Jinan"}}';
  t.is(renderJson(float), json);
  t.is(renderPutLine(float), 'put a.b 1794994452 158.0 nodeid=312 city=Jinan');
  t.is(renderImportLine(float), 'a.b 1794994452 158.0 nodeid=312 city=Jinan');
});

test('a point whose text exceeds the bound is rejected, one that just fits is not', (t) => {
  const base = point();
  const spare = 1024 - renderPutLine({ ...base, tags: { a: '' } }).length;
  const fitting = { ...base, tags: { a: 'x'.repeat(spare) } };
  const tooLong = { ...base, tags: { a: 'x'.repeat(spare + 1) } };
  const { legal, rejected } = renderLegal([fitting, tooLong], 'put', 1024);
  t.is(legal.length, 1);
  t.is(legal[0]?.point, fitting);
  t.deepEqual(rejected, [{ point: tooLong, reason: 'not sent: 1025 bytes, at most 1024 wanted' }]);
});
