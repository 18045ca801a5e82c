// The Backstop sink against a Backstop: the contract, what is sent, and the verdict of each answer.

import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataPoint } from '../../../src/model/point.ts';
import { allAccepted } from '../../../src/model/sink.ts';
import type { NoVerdict } from '../../../src/sinks/no-verdict.ts';
import type { PublishedElement } from '../../fakes/backstop.ts';
import { batchOf, runs } from '../../fakes/batches.ts';
import { certificate } from '../../fakes/certificate.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { readLog } from '../../fakes/log.ts';
import { points } from '../../fakes/points.ts';
import { answerLost, answers, closed, type Fault, hang, raw } from '../../fakes/tsd.ts';
import { forever, point, testSink } from '../contract.ts';
import { backstopFixture, idsOf, path, sinkTo } from './backstop-fixture.ts';

/** As an import line, with the tags in the order of the contract's points. */
function asImportLine({ metric, value, measure_time: time, tags }: PublishedElement): string {
  const [, name, city, nodeid] = /^(.*)\.city\.(\w+)\.nodeid\.(\d+)$/.exec(metric) ?? [];
  const pairs = Object.entries(tags ?? (name === undefined ? {} : { nodeid, city }));
  return [name ?? metric, time, value, ...pairs.map(([tag, text]) => `${tag}=${text}`)].join(' ');
}

for (const [title, names, isTls] of [
  ['backstop', 'dotted', false],
  ['backstop with tags over TLS', 'tags', true],
] as const) {
  testSink(title, async (t) => {
    const caFile = join(await temporaryDirectory(t), 'ca.pem');
    await writeFile(caFile, certificate);
    const { backstop, sink } = await backstopFixture(t, { names, backstop: { isTls }, ...(isTls && { caFile }) });
    return {
      sink,
      untagged: 'github.api.a+b 1794994452 1',
      received: async () => backstop.taken.map(asImportLine),
      sentBytes: async () => Buffer.from(backstop.requests.map(({ body }) => body).join('')),
      stopReceiver: () => backstop.close(),
      hangReceiver: () => backstop.always(hang),
    };
  });
}

test('J1 the elements have the keys, the order and the spacing of docker-stats-to-backstop', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  const written = [path('cpu', '42'), path('memory.enough', '512')];
  t.deepEqual(await sink.write(written, forever), allAccepted);
  const [{ method, path: at, headers, body }] = backstop.requests as [(typeof backstop.requests)[number]];
  t.deepEqual([method, at, headers['content-type']], ['POST', '/publish/test', 'application/json']);
  t.is(headers['content-length'], String(body.length));
  t.is(
    body.replace(/,"id":"[\w-]{22}"/g, ''),
    '[{"metric":"cpu","value":42,"measure_time":1422027546},{"metric":"memory.enough","value":512,"measure_time":1422027546}]',
  );
  t.deepEqual(backstop.lines(), ['test.cpu 42 1422027546', 'test.memory.enough 512 1422027546']);
});

test('X1 values keep every digit and their form', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  const values = ['66161895600000001', '9223372036854775807', '-9223372036854775808', '158.0', '1e-7'];
  await sink.write(
    values.map((value, at) => path(`a${at}`, value)),
    forever,
  );
  t.deepEqual(
    backstop.taken.map(({ value }) => value),
    values,
  );
});

const tagged: DataPoint = {
  metric: 'docker.cpu.total',
  timestamp: 1709633742,
  unit: 's',
  value: '1',
  tags: { image: 'shop/web', container: 'web.1' },
};

test('dotted names have the tags by name, and no dot or slash within a value', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  await sink.write([tagged, path('web.1.a"b', '2')], forever);
  t.deepEqual(backstop.lines(), [
    'test.docker.cpu.total.container.web_1.image.shop_web 1 1709633742',
    'test.web.1.a"b 2 1422027546',
  ]);
});

test('with the names tags, tags are a member of their own, in their order', async (t) => {
  const { backstop, sink } = await backstopFixture(t, { names: 'tags' });
  await sink.write([tagged, path('web.1', '2')], forever);
  t.regex(
    backstop.requests[0]?.body ?? '',
    /^\[\{"metric":"docker.cpu.total","value":1,"measure_time":1709633742,"tags":\{"image":"shop\/web","container":"web.1"\},"id":"[\w-]{22}"\},\{"metric":"web.1","value":2,"measure_time":1422027546,"id":/,
  );
});

test('milliseconds are a fraction of the time', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  const at = (timestamp: number): DataPoint => ({ ...path('a', '1'), timestamp, unit: 'ms' });
  await sink.write([at(1709633742123), at(1709633742000), at(1709633742007)], forever);
  t.deepEqual(
    backstop.taken.map((element) => element.measure_time),
    ['1709633742.123', '1709633742.000', '1709633742.007'],
  );
});

test('user and password of the URL are sent, and not shown', async (t) => {
  const { backstop } = await backstopFixture(t, { backstop: { auth: ['user:p@ss-word'] } });
  const url = backstop.url.replace('//', '//user:p%40ss-word@');
  const sink = sinkTo(t, `${url}/publish/test`);
  t.deepEqual(await sink.write(points(1), forever), allAccepted);
  t.regex(sink.name, /^backstop:127\.0\.0\.1:\d+\/publish\/test$/);
  backstop.play(answers(500, 'who is user with p@ss-word?'));
  await t.throwsAsync(sink.write(points(1), forever), { message: 'answered 500: "who is user with ***?"' });
  const withoutUser = sinkTo(t, `${backstop.url.replace('//', '//:p%40ss-word@')}/publish/test`);
  backstop.play(answers(500, 'who is p@ss-word?'));
  await t.throwsAsync(withoutUser.write(points(1), forever), { message: 'answered 500: "who is ***?"' });
  t.is(backstop.requests.at(-1)?.headers.authorization, `Basic ${Buffer.from(':p@ss-word').toString('base64')}`);
  const wrong = sinkTo(t, `${backstop.url.replace('//', '//user:another@')}/publish/test`);
  const error = await t.throwsAsync(wrong.write(points(1), forever));
  t.is(error?.message, 'answered 401, user and password in the URL are missing or wrong: "Not authorized"');
});

test('the log of requests has the URL once, without its user and password', async (t) => {
  const { lines, log } = readLog();
  const { backstop } = await backstopFixture(t);
  const sink = sinkTo(t, `${backstop.url.replace('//', '//user:hunter2@')}/publish/test`, { log });
  await sink.write(points(1), forever);
  t.deepEqual(
    lines().map(({ url, status }) => ({ url, status })),
    [{ url: `${backstop.url}/publish/test`, status: 200 }],
  );
  t.notRegex(JSON.stringify(lines()), /hunter/);
});

test('the debug log has the requests and answers, without the secrets of the URL', async (t) => {
  const { backstop } = await backstopFixture(t);
  const { log, lines } = readLog();
  const url = `${backstop.url.replace('//', '//user:p%40ss-word@')}/publish/test?key=k-123456`;
  backstop.play(answers(200, 'at /publish/test?key=k-123456 by p@ss-word'));
  await sinkTo(t, url, { log }).write([path('a', '1')], forever);
  const [{ sent, ...rest }] = lines() as [Record<string, unknown>];
  t.regex(String(sent), /^\[\{"metric":"a","value":1,"measure_time":1422027546,"id":"/);
  t.deepEqual(rest, {
    url: `${backstop.url}/publish/test`,
    status: 200,
    answer: 'at /publish/test?*** by ***',
    msg: 'Backstop answered',
  });
});

test('the URL is posted to as it is', async (t) => {
  const { backstop } = await backstopFixture(t);
  backstop.always(answers(204));
  await sinkTo(t, `${backstop.url}/any/Path/?key=1`).write(points(1), forever);
  t.is(backstop.requests[0]?.path, '/any/Path/?key=1');
});

test('every element of a delivery has its id, whatever the batch, and another delivery another id', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  const [first, second, third] = [points(2), points(3, 10), points(1, 20)] as const;
  await sink.writeBatch?.(batchOf(first, second), forever);
  await sinkTo(t, `${backstop.url}/publish/test`).writeBatch?.(batchOf(second, third), forever);
  const [before, after] = backstop.requests.map(({ body }) => idsOf(body));
  t.deepEqual(before?.slice(2), after?.slice(0, 3));
  t.deepEqual(
    [before, after].map((ids) => new Set(ids).size),
    [2, 2],
  );
  t.is(new Set([...(before ?? []), ...(after ?? [])]).size, 3);
});

test('equal deliveries in a batch are sent once', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  t.deepEqual(await sink.writeBatch?.(batchOf(points(2), points(2)), forever), allAccepted);
  t.is(backstop.taken.length, 2);
});

test('a batch of factored points sends every point', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  const batch = batchOf(...runs(3));
  t.deepEqual(await sink.writeBatch?.(batch, forever), allAccepted);
  t.is(backstop.taken.length, batch.pointCount);
  t.deepEqual(new Set(idsOf(backstop.requests[0]?.body ?? '')).size, 3);
});

test('a delivery that is larger than a request is split at the same places in every batch', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  const large = points(4_000);
  await sink.writeBatch?.(batchOf(points(30, 9_000), large), forever);
  const ids = backstop.requests.flatMap(({ body }) => idsOf(body)).slice(30);
  t.true(backstop.requests.every(({ body }) => body.length <= 262_144));
  const sentBefore = backstop.requests.length;
  await sink.writeBatch?.(batchOf(large), forever);
  t.deepEqual(
    backstop.requests.slice(sentBefore).flatMap(({ body }) => idsOf(body)),
    ids,
  );
  t.is(backstop.taken.length, 8_030);
  t.is(new Set(ids).size, 4, 'halves of halves');
});

test('a size that is refused is halved, and not sent again for ten minutes', async (t) => {
  const { backstop, sink, clock } = await backstopFixture(t, { backstop: { maxBodyBytes: 3_000 } });
  const deliveries = Array.from({ length: 8 }, (_, at) => points(10, at * 10));
  t.deepEqual(await sink.writeBatch?.(batchOf(...deliveries), forever), allAccepted);
  t.is(backstop.taken.length, 80);
  const refused = (): number => backstop.requests.filter(({ body }) => body.length > 3_000).length;
  const before = refused();
  t.true(before > 0);
  await sink.writeBatch?.(batchOf(...deliveries), forever);
  t.is(refused(), before);
  await clock.advance(600_001);
  await sink.writeBatch?.(batchOf(...deliveries), forever);
  t.true(refused() > before);
});

test('a receiver that finds everything too large is logged once for each size', async (t) => {
  const { log, lines } = readLog('warn');
  const { sink } = await backstopFixture(t, { log, backstop: { maxBodyBytes: 20 } });
  for (const _ of [1, 2]) t.is((await sink.write(points(100), forever)).kept.length, 100);
  const sizes = lines().map(({ nextMaxBytes }) => Number(nextMaxBytes));
  t.true(sizes.length > 1);
  t.deepEqual(
    sizes,
    [...new Set(sizes)].toSorted((a, b) => b - a),
  );
});

test('a point that is too large by itself is kept', async (t) => {
  const { sink } = await backstopFixture(t, { backstop: { maxBodyBytes: 20 } });
  const { kept, rejected } = await sink.write(points(2), forever);
  t.deepEqual([kept.map((each) => each.point), rejected], [points(2), []]);
  t.regex(kept[0]?.reason ?? '', /^answered 413/);
});

test('an element that Backstop refuses is found and rejected, and every other one is passed on', async (t) => {
  const isIncomplete = ({ metric }: PublishedElement): boolean => metric.includes('.7.');
  const { backstop, sink } = await backstopFixture(t, { backstop: { isIncomplete } });
  const verdict = await sink.writeBatch?.(batchOf(points(5), points(5, 6), points(1, 11)), forever);
  t.deepEqual(verdict, {
    rejected: [{ point: points(1, 7)[0] as DataPoint, reason: 'answered 400: "missing fields"' }],
    kept: [],
  });
  const passedOn = new Set(backstop.taken.map(({ value }) => value));
  t.deepEqual(
    [...passedOn].toSorted(),
    points(11)
      .map(({ value }) => value)
      .filter((value) => value !== '7.5')
      .toSorted(),
  );
});

test('when everything is refused, an empty list too, nothing is rejected', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  backstop.always(answers(400, 'blocked'));
  await t.throwsAsync(sink.write(points(3), forever), {
    message: 'answered 400: "blocked"; an empty list is answered 400: "blocked"',
  });
});

test('when every point is refused by itself, and only an empty list is taken, nothing is rejected', async (t) => {
  const { sink } = await backstopFixture(t, { backstop: { isIncomplete: () => true } });
  for (const count of [20, 2])
    await t.throwsAsync(sink.write(points(count), forever), {
      message: 'every point is refused, each alone in its request: answered 400: "missing fields"',
    });
});

const noVerdicts: readonly (readonly [what: string, fault: Fault, message: RegExp, retryAfterMs?: number])[] = [
  ['a missing password', answers(403, 'no'), /^answered 403, user and password in the URL are missing or wrong: "no"$/],
  ['an unknown prefix', answers(404, 'unknown prefix'), /^answered 404, the prefix or the path of the URL is unknown/],
  ['a path without POST', answers(405), /^answered 405, nothing takes a POST at this path/],
  ['a redirection', answers(301, '', { location: '/x' }), /^answered 301, a redirection, which is not followed/],
  ['too many requests', answers(429, 'slow', { 'retry-after': '7' }), /^answered 429: "slow"$/, 7_000],
  ['a full spool', answers(503, '{"error":"full"}', { 'retry-after': '30' }), /^answered 503/, 30_000],
  ['an error', answers(500, '<h1>Internal Server Error</h1>'), /^answered 500/],
  ['a closed connection', closed, /^connection closed without a reply$/],
  [
    'an answer that breaks off',
    raw('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"accepted":2'),
    /^answer broke off after 13 bytes/,
  ],
  [
    'an answer that is cut off where its length is unknown',
    raw('HTTP/1.0 200 OK\r\n\r\n{"accepted":1,"rejected":1,"sk'),
    /^an answer that is cut off: answered 200: /,
  ],
  [
    'counts of another request',
    answers(200, '{"accepted":1,"rejected":0,"skipped":0,"errors":[]}'),
    /^the counts do not fit the 2 elements sent: answered 200/,
  ],
];
for (const [what, fault, message, retryAfterMs] of noVerdicts) {
  test(`there is no verdict after ${what}, and the same points are accepted later`, async (t) => {
    const { backstop, sink } = await backstopFixture(t);
    backstop.play(fault);
    const error = await t.throwsAsync<NoVerdict>(sink.write(points(2), forever), { message });
    t.is(error?.retryAfterMs, retryAfterMs);
    t.deepEqual(await sink.write(points(2), forever), allAccepted);
    t.is(new Set(backstop.requests.map(({ body }) => body)).size, 1);
  });
}

test('any other 2xx accepts everything', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  for (const fault of [
    answers(204),
    answers(202, '{}'),
    answers(200, '{"accepted":"2"}'),
    answers(200, 'x'.repeat(2e6)),
  ]) {
    backstop.play(fault);
    t.deepEqual(await sink.write(points(2), forever), allAccepted);
  }
});

test('a write ends without a verdict after 32 seconds', async (t) => {
  const { backstop, sink, clock } = await backstopFixture(t);
  backstop.play(hang);
  const writing = sink.write(points(1), forever);
  await backstop.untilRequests(1);
  const [error] = await Promise.all([t.throwsAsync(writing), clock.advance(32_000)]);
  t.is(error?.message, 'no answer within 32 s');
});

test('connections are kept, and one that was closed while idle costs nothing', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  await sink.write(points(1), forever);
  backstop.play(closed);
  t.deepEqual(await sink.write(points(1, 2), forever), allAccepted);
  t.is(backstop.requests.length, 3);
});

test('after a lost answer the same bytes are sent again', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  backstop.play(answerLost);
  await t.throwsAsync(sink.writeBatch?.(batchOf(points(2), points(2, 5)), forever) as Promise<unknown>);
  t.deepEqual(await sink.writeBatch?.(batchOf(points(2), points(2, 5)), forever), allAccepted);
  t.is(backstop.requests[0]?.body, backstop.requests[1]?.body);
});

test('annotations are left out and counted, and an annotation alone is not sent', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  const annotation = { startMs: 1, description: 'a', custom: {} };
  const annotated: DataPoint = { ...point(), annotation };
  t.deepEqual(await sink.write([annotated, { ...annotated, only: 'annotation' }], forever), allAccepted);
  t.is(backstop.taken.length, 1);
  t.deepEqual(sink.annotations?.(), { written: 0, skipped: 2 });
});

test('a name that Carbon cannot store is rejected unsent', async (t) => {
  const { backstop, sink } = await backstopFixture(t);
  const { rejected } = await sink.write([{ ...tagged, tags: { container: 'x'.repeat(251) } }], forever);
  t.is(rejected[0]?.reason, 'not sent: name: at most 250 characters between two dots wanted, found 251');
  t.deepEqual(backstop.requests, []);
});

test('a URL that cannot be used does not open, and its password is not shown', (t) => {
  t.throws(() => sinkTo(t, 'ftp://u:p@host/publish/x'), {
    message: 'Backstop: http:// or https:// wanted, found ftp://host/publish/x',
  });
  t.throws(() => sinkTo(t, 'http://host/publish/x', { caFile: '/nowhere/ca.pem' }), { code: 'ENOENT' });
});
