// The OpenTSDB HTTP sink assigns UIDs to unknown names, and keeps or rejects their points.

import test from 'ava';
import type { DataPoint } from '../../../../src/model/point.ts';
import { allAccepted } from '../../../../src/model/sink.ts';
import { points } from '../../../fakes/points.ts';
import { connections } from '../../../../src/sinks/http-post.ts';
import { tsdHost } from '../../../../src/sinks/opentsdb/http/hosts.ts';
import { uidAssigner } from '../../../../src/sinks/opentsdb/http/uid-assignment.ts';
import { answers, fakeTsd, held, type Fault } from '../../../fakes/tsd.ts';
import { movableClock } from '../../../fakes/time.ts';
import { forever } from '../../contract.ts';
import { httpFixture } from './http-fixture.ts';

const strict = { tsd: { autoCreateMetrics: false } };

/** Applies the fault to /api/uid/ alone. */
function onAssign(fault: Fault): Fault {
  return (exchange, answer) => (exchange.request.url?.startsWith('/api/uid/') ? fault(exchange, answer) : answer());
}

test('opentsdb http assigns unknown metrics and keeps their points, which are accepted the next time', async (t) => {
  const { tsd, sink } = await httpFixture(t, strict);
  const { rejected, kept } = await sink.write(points(3), forever);
  t.deepEqual(rejected, []);
  const wanted = points(3).map((point) => ({ point, reason: 'Unknown metric; its names have been assigned' }));
  t.deepEqual(kept, wanted);
  const paths = tsd.requests.map(({ path }) => path.split('?')[0]);
  t.deepEqual(paths, ['/api/put', '/api/uid/assign']);
  t.deepEqual(JSON.parse(String(tsd.requests[1]?.body)), { metric: points(3).map(({ metric }) => metric) });
  t.deepEqual(await sink.write(points(3), forever), allAccepted);
});

test('opentsdb http assigns unknown tag names and values', async (t) => {
  const { tsd, sink } = await httpFixture(t, { tsd: { autoCreateTags: false } });
  await sink.write(points(2), forever);
  await sink.write(points(2), forever);
  t.deepEqual(await sink.write(points(2), forever), allAccepted);
  const assigned = tsd.requests.filter(({ path }) => path === '/api/uid/assign').map(({ body }) => String(body));
  t.true(assigned.includes('{"tagk":["nodeid","city"]}'), assigned.join());
  t.true(assigned.includes('{"tagv":["312","Jinan"]}'), assigned.join());
});

test('opentsdb http treats a name that another client has just assigned as assigned', async (t) => {
  const { tsd, sink } = await httpFixture(t, strict);
  tsd.always(
    onAssign(async (_, answer) => {
      await answer();
      return answer();
    }),
  );
  t.is((await sink.write(points(2), forever)).kept.length, 2);
  t.deepEqual(await sink.write(points(2), forever), allAccepted);
});

test('concurrent calls share the request for a name', async (t) => {
  const tsd = await fakeTsd(t, { autoCreateMetrics: false });
  const { fault, release } = held();
  tsd.play(fault);
  const open = connections(undefined);
  t.teardown(() => open.close());
  const options = { connections: open, headers: {}, clock: movableClock(), timeoutMs: 1000, ...forever };
  const assign = uidAssigner({ ...options, host: () => tsdHost(tsd.url) });
  const { signal } = forever;
  const all = [['a', 'b'], ['b', 'b'], ['a']].map((names) => assign('metric', names, signal));
  all.push(assign('tagk', ['a'], signal));
  await tsd.untilRequests(2);
  release();
  const states = (await Promise.all(all)).map((found) =>
    [...found].map(([name, { state }]) => `${name} ${state}`).join(),
  );
  t.deepEqual(states, ['a assigned,b assigned', 'b assigned', 'a assigned', 'a assigned']);
  t.deepEqual(tsd.requests.map(({ body }) => String(body)).toSorted(), ['{"metric":["a","b"]}', '{"tagk":["a"]}']);
  t.is((await assign('metric', ['a'], signal)).get('a')?.state, 'known');
});

test('opentsdb http assigns many names in requests of at most fifty', async (t) => {
  const { tsd, sink } = await httpFixture(t, strict);
  const all = points(50).map((point) => ({ ...point, metric: `${point.metric}.${'x'.repeat(100)}` }));
  t.is((await sink.write(all, forever)).kept.length, 50);
  const assigned = tsd.requests.filter(({ path }) => path === '/api/uid/assign');
  t.is(assigned.length, 2);
  t.true(assigned.every(({ body }) => body.length < 4500));
  t.deepEqual(await sink.write(all, forever), allAccepted);
});

test('opentsdb http rejects points of unknown metrics when assignment is off', async (t) => {
  const { tsd, sink } = await httpFixture(t, { ...strict, sink: { assignUids: false } });
  const { rejected, kept } = await sink.write(points(2), forever);
  t.deepEqual(kept, []);
  t.true(rejected.length === 2 && rejected.every(({ reason }) => reason === 'Unknown metric'));
  t.is(tsd.requests.length, 1);
});

test('opentsdb http rejects only the point whose name is refused', async (t) => {
  const { tsd, sink } = await httpFixture(t, strict);
  const [first, second] = points(2) as [DataPoint, DataPoint];
  const words = `Invalid metric ("${first.metric}"): illegal character: .`;
  const body = { metric: { [second.metric]: '000001' }, metric_errors: { [first.metric]: words } };
  tsd.always(onAssign(answers(400, JSON.stringify(body))));
  const { rejected, kept } = await sink.write([first, second], forever);
  t.deepEqual(rejected, [{ point: first, reason: `Unknown metric; uid/assign: ${words}` }]);
  t.is(kept.length, 1);
  t.is(kept[0]?.point, second);
});

for (const [title, fault, reason] of [
  ['is missing', answers(404, '{"error":{"code":404,"message":"Endpoint not found"}}'), /uid\/assign: answered 404/],
  ['is refused', answers(403, 'no'), /uid\/assign: answered 403: "no"/],
  ['fails', answers(500, '<html>'), /uid\/assign: answered 500/],
  [
    'answers with an error object',
    answers(400, '{"error":{"message":"Missing values to assign UIDs"}}'),
    /uid\/assign: answered 400/,
  ],
  ['omits the name', answers(200, '{"metric":{}}'), /does not mention the name/],
  [
    'has no UIDs left',
    answers(
      400,
      '{"metric_errors":{"catchpoint.rtt.by_node.1":"All Unique IDs for metrics on 3 bytes are already assigned!"}}',
    ),
    /All Unique IDs/,
  ],
  ['answers more than 1 MB', answers(200, `{"metric":"${'x'.repeat(2_000_000)}"}`), /uid\/assign: /],
  ['closes the connection', async () => 'close', /uid\/assign: /],
] as readonly (readonly [string, Fault, RegExp])[]) {
  test(`opentsdb http keeps points of an unknown metric when uid/assign ${title}`, async (t) => {
    const { tsd, sink } = await httpFixture(t, strict);
    tsd.always(onAssign(fault));
    const { rejected, kept } = await sink.write(points(1), forever);
    t.deepEqual(rejected, []);
    t.regex(kept[0]?.reason ?? '', reason);
    tsd.always(undefined);
    await sink.write(points(1), forever);
    t.deepEqual(await sink.write(points(1), forever), allAccepted);
  });
}

test('opentsdb http keeps points of an unknown metric when uid/assign does not answer in time', async (t) => {
  const { tsd, sink, clock } = await httpFixture(t, strict);
  tsd.always(onAssign(() => new Promise(() => {})));
  const writing = sink.write(points(1), forever);
  await tsd.untilRequests(2);
  await clock.advance(15_000);
  t.regex((await writing).kept[0]?.reason ?? '', /uid\/assign: no answer within 15 s/);
});
