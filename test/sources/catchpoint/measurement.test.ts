// Which bodies are pushes, and how their fields are measured.

import test from 'ava';
import fc from 'fast-check';
import { measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import { parsePush } from '../../../src/sources/catchpoint/push-body.ts';

/** A DNS run in the default JSON, with some of its members replaced. */
function dns(changes: Record<string, unknown> = {}, summary: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    TestDetail: { Name: 'DNS', TypeId: 5, MonitorTypeId: 13 },
    TestId: 204417,
    NodeId: 312,
    Asn: 4837,
    Summary: { Timestamp: '20261118093412345', Timing: { Total: 164 }, ...summary },
    ...changes,
  };
}

const ping = { TestDetail: { TypeId: 6, MonitorTypeId: 8 } };
const traceroute = { TestDetail: { TypeId: 12, MonitorTypeId: 9 } };
const hops = (...times: unknown[]) => ({
  Diagnostic: { TraceRoute: { Hops: [{ RoundTripTimes: [1, 1, 1] }, { RoundTripTimes: times }] } },
});

test('ids are numbers or text', (t) => {
  t.like(measurementOf(dns({ TestId: '204417', NodeId: '312', Asn: '4837' })), {
    testId: 204417,
    nodeId: 312,
    asn: 4837,
  });
});

for (const [value, found] of [
  [undefined, 'nothing'],
  [null, 'null'],
  [-1, '-1'],
  [0, '0'],
  [1.5, '1.5'],
  [Infinity, 'Infinity'],
  [2 ** 53, '9007199254740992'],
  ['', '""'],
  ['abc\nput x 1 1 a=b', '"abc\\nput x 1 1 a=b"'],
  ['1e3', '"1e3"'],
  [' 7 ', '" 7 "'],
  [true, 'true'],
  [[312], 'an array'],
  [{ id: 312 }, 'an object'],
] as const) {
  test(`a NodeId of ${found} is refused with its name and value`, (t) => {
    const message = `NodeId: expected an integer from 1 to 2^53-1, found ${found}`;
    t.throws(() => measurementOf(dns({ NodeId: value })), { message, name: 'NotAPush' });
  });
}

test('an invalid AS number is absent', (t) => {
  for (const Asn of [undefined, null, 0, -5, 'AS4837', '+5', 2 ** 32, 1e999, {}])
    t.is(measurementOf(dns({ Asn })).asn, undefined);
});

test("the time is the run's Timestamp in UTC, else TestRuntime, else the push is refused", (t) => {
  t.is(measurementOf(dns()).timeMs, 1794994452345);
  t.is(measurementOf({ ...dns(), TestRuntime: '20160226010449609', Summary: {} }).timeMs, 1456448689609);
  t.throws(() => measurementOf(dns({}, { Timestamp: '2026-11-18' })), {
    message: 'Summary.Timestamp: expected yyyyMMddHHmmssfff in UTC, found "2026-11-18"',
  });
  for (const Timestamp of ['20261318093412345', '20260230093412345', '20261118253412345', 20261118093412345, null]) {
    t.throws(() => measurementOf(dns({}, { Timestamp })), { name: 'NotAPush' });
  }
});

test('a push without a Summary is refused with the missing field', (t) => {
  t.throws(() => measurementOf(dns({ Summary: undefined })), { message: /^Summary.Timestamp: .* found nothing$/ });
  t.throws(() => measurementOf({ some: 'thing' }), { message: /^TestId: .* found nothing$/ });
});

test('an RTT that was not measured is absent, a measured 0 is not', (t) => {
  t.is(measurementOf(dns({}, { Timing: { Total: 0 } })).rttMs, 0);
  for (const Total of [undefined, null, '', 'abc', -1, 1e999, 1e300, {}, []]) {
    t.is(measurementOf(dns({}, { Timing: { Total } })).rttMs, undefined);
  }
});

test('the RTT of a ping is its average, never Total', (t) => {
  t.like(measurementOf(dns(ping, { Ping: { RoundTripTimeAvg: 12.5 } })), { rttMs: 12.5, totalMs: 164 });
  t.is(measurementOf(dns(ping)).rttMs, undefined);
});

test('the RTT of a traceroute is the mean of its last hop, never Total', (t) => {
  t.is(measurementOf(dns({ ...traceroute, ...hops(11, null, 13) })).rttMs, 12);
  t.is(measurementOf(dns({ ...traceroute, ...hops(null, null, null) })).rttMs, undefined);
  t.is(measurementOf(dns(traceroute)).rttMs, undefined);
});

test('a run with an error code, or a flag other than a content error, has failed', (t) => {
  const errorOf = (Error: unknown) => measurementOf(dns({}, { Error })).error;
  t.is(errorOf({ Code: 50010, Dns: 1 }), '50010');
  t.is(errorOf({ Code: '50010' }), '50010');
  t.is(errorOf({ Any: 1, Connection: 1, Timeout: 1 }), 'connection');
  t.is(errorOf({ Transaction: 'True', Timeout: '1' }), 'transaction');
  t.is(errorOf({ SystemLimit: 1 }), 'system_limit');
  t.is(errorOf({ Code: 'x'.repeat(5000) }), 'other');
  t.is(errorOf({ Code: '\u2026' }), 'other');
  for (const none of [
    undefined,
    null,
    {},
    { Any: 1, LoadObjects: 1 },
    { Code: 0 },
    { Code: '' },
    { Code: null },
    { Dns: 'False' },
  ]) {
    t.is(errorOf(none), undefined);
  }
});

test('the other timings are read on request, and only known ones', (t) => {
  const summary = {
    Timing: { Total: 1, Dns: 3, ContentType: { Image: 4 }, MadeUp: 5, Send: 0 },
    Error: { Any: 1 },
    Counter: { Hosts: 6 },
  };
  t.is(measurementOf(dns({}, summary)).extras, undefined);
  t.deepEqual(measurementOf(dns({}, summary), { extras: true }).extras, [
    ['timing.dns', 3],
    ['timing.send', 0],
    ['timing.content_type.image', 4],
    ['counter.hosts', 6],
    ['content_error', 1],
  ]);
});

test('a ping has its loss, a traceroute its loss and hops', (t) => {
  const extras = (body: object) => measurementOf(body, { extras: true }).extras;
  t.deepEqual(extras(dns(ping, { Ping: { PacketLossPct: 20 }, Timing: {} })), [['ping.loss_pct', 20]]);
  t.deepEqual(extras(dns({ ...traceroute, ...hops(11, null, 13) }, { Timing: {} })), [
    ['traceroute.hops', 2],
    ['traceroute.loss_pct', 33.333],
  ]);
});

test('an alert webhook is refused with the reason, as JSON and as XML', (t) => {
  t.throws(() => measurementOf({ NotificationLevelId: 1, TestId: 1 }), { message: /this is an alert webhook/ });
  t.throws(() => parsePush(Buffer.from('<?xml version="1.0"?>\n<Alert version="1">')), {
    message: /this is an alert webhook/,
  });
});

for (const [title, body, message] of [
  ['nothing', '', 'body: expected one JSON object, found nothing'],
  ['an array', '[]', 'body: expected one JSON object, found an array'],
  ['null', 'null', 'body: expected one JSON object, found null'],
  ['a number', '12', 'body: expected one JSON object, found 12'],
  ['a text', '"push"', 'body: expected one JSON object, found "push"'],
  ['a form', 'a=b&c=d', /^body: expected one JSON object, found text that is not JSON \(.*\)$/],
  [
    'other XML',
    '<Test/>',
    'body: found XML; in Catchpoint choose JSON, or Template with what `catchpoint-opentsdb-bridge template` prints',
  ],
] as const) {
  test(`a body of ${title} is refused with the reason`, (t) => {
    t.throws(() => measurementOf(parsePush(Buffer.from(body))), { message });
  });
}

test('reads byte order marks and UTF-16', (t) => {
  const text = '\ufeff{"a":"Zürich"}';
  const utf16be = Buffer.from(text, 'utf16le').swap16();
  for (const body of [Buffer.from(text), Buffer.from(text, 'utf16le'), utf16be])
    t.deepEqual(parsePush(body), { a: 'Zürich' });
});

test('ignores inherited names', (t) => {
  t.throws(() => measurementOf(JSON.parse('{"__proto__":{"TestId":1,"NodeId":2}}')), {
    message: /^TestId: .* found nothing$/,
  });
});

test('10,000 levels of nesting are refused', (t) => {
  const deep = `{"TestId":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
  t.throws(() => measurementOf(parsePush(Buffer.from(deep))), { message: /found an array$/ });
});

test('any JSON gives a measurement or throws NotAPush', (t) => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const body = fc.record(
    {
      TestId: value,
      NodeId: value,
      Asn: value,
      TestDetail: value,
      TestDetails: value,
      Summary: value,
      schema: value,
      Timestamp: value,
      Diagnostic: value,
    },
    { requiredKeys: [] },
  );
  const judged = fc.property(fc.oneof(body, value), (json) => {
    try {
      return measurementOf(json, { extras: true }).testId > 0;
    } catch (error) {
      return (error as Error).name === 'NotAPush';
    }
  });
  t.notThrows(() => fc.assert(judged, { numRuns: 2000 }));
});
