// The push over HTTP: what is answered, and what is delivered before it is.

import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { admission } from '../../../src/auth/admission.ts';
import { concurrencyLimit } from '../../../src/auth/limits/concurrency-limit.ts';
import { senderAddresses } from '../../../src/auth/senders/sender-address.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { expanded } from '../../../src/model/factored-points.ts';
import type { DataPoint, Delivered, DeliverOptions, MalformedBody } from '../../../src/model/point.ts';
import { pushMiddleware } from '../../../src/sources/catchpoint/push-middleware.ts';
import { application, listen } from '../../../src/http/server.ts';
import { nodeDirectory } from '../../../src/sources/catchpoint/nodes/node.ts';
import { pushCounts, pushIntake } from '../../../src/sources/catchpoint/push.ts';
import { pushRoute } from '../../../src/sources/catchpoint/push-route.ts';
import { dimensions, slicer } from '../../../src/sources/catchpoint/slices.ts';
import { movableClock } from '../../fakes/time.ts';

const sample = readFileSync(new URL('../../../../test/golden/catchpoint/dns.json', import.meta.url), 'utf8');

type Deliver = (points: readonly DataPoint[], options: DeliverOptions) => Promise<Delivered>;

/** Before all routes, or as one of them. */
type Way = 'front' | 'route';

/** Nobody stands before the pushes. */
const open = admission(
  { letIn: () => false },
  concurrencyLimit({ maxRequests: 100, maxPerSender: 100, isProxy: () => false }),
  senderAddresses([]),
);

async function listenerOf(way: Way, t: ExecutionContext, deliver?: Deliver) {
  const delivered: { points: readonly DataPoint[]; options: DeliverOptions }[] = [];
  const missed: number[] = [];
  const refused: string[] = [];
  const refusedIds: string[] = [];
  const answered: number[] = [];
  const malformed: MalformedBody[] = [];
  const counts = pushCounts();
  const clock = movableClock();
  const archived: string[] = [];
  const directory = nodeDirectory();
  directory.replace([{ id: 312, continent: 'Asia', active: true }], 0);
  const router = new Router();
  const intake = pushIntake({
    deliver: async (delivery, options = {}) => {
      const points = expanded(delivery);
      delivered.push({ points, options });
      return deliver?.(points, options) ?? 'stored';
    },
    directory,
    slice: slicer({ prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions }),
    clock,
    extras: false,
    missed: (nodeId) => missed.push(nodeId),
    refused(reason, requestId = 'none') {
      refused.push(reason);
      refusedIds.push(requestId);
    },
    answered: (ms) => answered.push(ms),
    malformed: (one) => malformed.push(one),
    counts,
    archive: { add: (body) => void archived.push(body.toString()) },
  });
  const reading = { maxBodyBytes: 10_000, clock };
  pushRoute(router, intake, reading);
  const app = application(
    silentLog(),
    systemClock(),
    way === 'front' ? pushMiddleware(open, { intake, reading }) : undefined,
  );
  app.use(router.routes()).use(router.allowedMethods());
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  t.teardown(() => listener.close());
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(listener.url + path, { method: 'POST', body, headers: { connection: 'close', ...headers } });
  return {
    clock,
    url: listener.url,
    post,
    delivered,
    missed,
    refused,
    refusedIds,
    answered,
    malformed,
    counts,
    archived,
  };
}

type Open = (t: ExecutionContext, deliver?: Deliver) => ReturnType<typeof listenerOf>;

function bothWays(title: string, run: (t: ExecutionContext, pushListener: Open) => Promise<void>): void {
  for (const way of ['front', 'route'] as const)
    test(`${title}, at the ${way}`, (t) => run(t, (...given) => listenerOf(way, ...given)));
}

for (const path of ['/', '/?token=x', '/catchpoint', '/catchpoint/', '/catchpoint/a/b.c?d=e']) {
  bothWays(`a push to ${path} is delivered and answered 200`, async (t, pushListener) => {
    const { post, delivered, counts } = await pushListener(t);
    const answer = await post(path, sample);
    t.deepEqual([answer.status, await answer.text()], [200, '']);
    t.is(delivered[0]?.points.length, 6);
    t.is(counts.taken, 1);
  });
}

bothWays('the Content-Type does not matter', async (t, pushListener) => {
  const { post } = await pushListener(t);
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'nonsense',
    'application/json; charset=utf-16',
  ]) {
    t.is((await post('/', sample, { 'content-type': type })).status, 200);
  }
});

bothWays('elsewhere nothing is served, and nothing but POST here, in words', async (t, pushListener) => {
  const { url, post } = await pushListener(t);
  const elsewhere = await post('/other', sample);
  t.deepEqual([elsewhere.status, await elsewhere.json()], [404, { error: 'path: nothing is served at /other' }]);
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const answer = await fetch(`${url}/catchpoint/x`, { method });
    t.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST']);
    t.deepEqual(await answer.json(), { error: `method: /catchpoint/x takes POST, found ${method}` });
  }
});

bothWays('what is no push is answered 400 in one line that names the field and the value', async (t, pushListener) => {
  const { post, counts, delivered } = await pushListener(t);
  const answer = await post('/', sample.replace('"NodeId": 312', '"NodeId": -312'));
  t.is(answer.status, 400);
  t.is(await answer.text(), '{"error":"NodeId: expected an integer from 1 to 2^53-1, found -312"}');
  t.deepEqual([counts.malformed, delivered.length], [1, 0]);
});

bothWays('a body over the limit is answered 413', async (t, pushListener) => {
  const { post } = await pushListener(t);
  const answer = await post('/', `{"padding":"${'x'.repeat(10_000)}"}`);
  t.is(answer.status, 413);
});

bothWays('200 is answered only after the delivery has ended', async (t, pushListener) => {
  let end: ((delivered: Delivered) => void) | undefined;
  const { post, delivered } = await pushListener(t, () => new Promise((resolve) => void (end = resolve)));
  let isAnswered = false;
  const answer = post('/', sample).then(({ status }) => {
    isAnswered = true;
    return status;
  });
  while (delivered.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  t.false(isAnswered);
  end?.('stored');
  t.is(await answer, 200);
});

bothWays(
  'a full spool is answered 503 with a pause, any other failure 500 without its words',
  async (t, pushListener) => {
    const full = Object.assign(new Error('spool: full'), { status: 503, expose: true, retryAfterMs: 30_000 });
    const refusing = await pushListener(t, () => Promise.reject(full));
    const refused = await refusing.post('/', sample);
    t.deepEqual(
      [refused.status, refused.headers.get('retry-after'), await refused.json()],
      [503, '30', { error: 'spool: full' }],
    );
    t.deepEqual([refusing.counts.refused, refusing.refused], [1, ['spool: full']]);
    const failing = await pushListener(t, () => Promise.reject(new Error('EIO on /var/lib')));
    const failed = await failing.post('/', sample);
    t.deepEqual([failed.status, await failed.json()], [500, { error: 'internal error' }]);
  },
);

bothWays('what was answered 200 is archived as it came, and nothing else', async (t, pushListener) => {
  const { post, archived } = await pushListener(t);
  await post('/', sample);
  await post('/', '{}');
  t.deepEqual(archived, [sample]);
  const refusing = await pushListener(t, () => Promise.reject(new Error('EIO')));
  await refusing.post('/', sample);
  t.deepEqual(refusing.archived, []);
});

bothWays('a replay is told what became of it, and is not archived again', async (t, pushListener) => {
  const { post, archived } = await pushListener(t, async () => 'duplicate');
  const answer = await post('/', sample, { 'x-replayed': '1' });
  t.deepEqual([answer.status, await answer.json()], [200, { became: 'duplicate' }]);
  t.deepEqual(archived, []);
});

bothWays('a duplicate and a conflict are answered 200 and counted', async (t, pushListener) => {
  for (const kind of ['duplicate', 'conflict'] as const) {
    const { post, counts } = await pushListener(t, async () => kind);
    t.is((await post('/', sample)).status, 200);
    t.deepEqual([counts[kind], counts.taken], [1, 0]);
  }
});

bothWays('the same run has the same key whatever else its body says', async (t, pushListener) => {
  const { post, delivered } = await pushListener(t);
  await post('/', sample);
  await post('/', sample);
  await post('/', sample.replace('"Total": 164', '"Total": 165'));
  await post('/', sample.replace('"NodeId": 312', '"NodeId": 313'));
  const [first, again, changed, elsewhere] = delivered.map(({ options }) => options.run);
  t.deepEqual(first, again);
  t.is(changed?.key, first?.key);
  t.not(changed?.digest, first?.digest);
  t.not(elsewhere?.key, first?.key);
});

bothWays(
  'a push from an unknown node is taken: its own slices go out, the measurement is parked',
  async (t, pushListener) => {
    const { post, delivered, missed, counts } = await pushListener(t);
    t.is((await post('/', sample.replace('"NodeId": 312', '"NodeId": 999'))).status, 200);
    const [only] = delivered;
    t.deepEqual(
      only?.points.map(({ metric }) => metric.split('.').slice(1, 3).join('.')),
      ['rtt.by_node', 'status.by_node', 'rtt.by_asn', 'status.by_asn'],
    );
    t.is(only?.options.parked?.waitsFor, '999');
    t.like(JSON.parse(only?.options.parked?.payload ?? ''), {
      testId: 204417,
      nodeId: 999,
      rttMs: 164,
      timeMs: 1794994452345,
    });
    t.deepEqual([missed, counts.missed], [[999], 1]);
  },
);

bothWays('a time more than an hour ahead or before 2010 makes a dead letter, answered 200', async (t, pushListener) => {
  const { post, delivered } = await pushListener(t);
  for (const time of ['20261118110000001', '20091231235959999']) {
    t.is((await post('/', sample.replace('20261118093412345', time))).status, 200);
  }
  t.deepEqual(
    delivered.map(({ points, options }) => [points.length, options.deadLetter?.kind, options.deadLetter?.reason]),
    [
      [0, 'implausible-time', "the run's time is more than an hour ahead: 2026-11-18T11:00:00.001Z"],
      [0, 'implausible-time', "the run's time is before 2010: 2009-12-31T23:59:59.999Z"],
    ],
  );
  t.is((await post('/', sample.replace('20261118093412345', '20261118110000000'))).status, 200);
  t.is(delivered[2]?.points.length, 6);
});

bothWays(
  'what is refused as no push is shown with what was said and who sent it; what was taken or refused for now is not',
  async (t, pushListener) => {
    const { post, malformed } = await pushListener(t);
    const wrong = sample.replace('"NodeId": 312', '"NodeId": -312');
    const large = `{"padding":"${'x'.repeat(10_000)}"}`;
    for (const body of [sample, wrong, 'garbage', large]) await post('/', body);
    t.deepEqual(
      malformed.slice(0, 2).map(({ body, reason, from }) => [body.toString(), reason.slice(0, 30), from]),
      [
        [wrong, 'NodeId: expected an integer fr', '127.0.0.1'],
        ['garbage', 'body: expected one JSON object', '127.0.0.1'],
      ],
    );
    t.is(malformed[2]?.reason, 'body: at most 10000 bytes, found 10014 bytes declared');
    const refusing = await pushListener(t, () =>
      Promise.reject(Object.assign(new Error('spool: full'), { status: 503 })),
    );
    await refusing.post('/', sample);
    t.deepEqual(refusing.malformed, []);
  },
);

bothWays('of a body over the limit, what was read is shown', async (t, pushListener) => {
  const { url, malformed } = await pushListener(t);
  const body = new Blob(['x'.repeat(50_000)]).stream();
  await fetch(url, { method: 'POST', body, duplex: 'half' }).catch(() => undefined);
  t.is(malformed[0]?.reason, 'body: at most 10000 bytes, found more than 10000 bytes sent');
  t.regex(malformed[0]?.body.toString() ?? '', /^x{10000,}$/);
});

bothWays('a dead letter holds the text of a push that came as UTF-16', async (t, pushListener) => {
  const { post, delivered } = await pushListener(t);
  const text = sample.replace('20261118093412345', '20091231235959999');
  const body = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
  t.is((await post('/', body as never)).status, 200);
  t.is(delivered[0]?.options.deadLetter?.raw, text);
});

bothWays(
  'each push is timed to its answer, whatever that is, and a refused one is named by its request',
  async (t, pushListener) => {
    const { post, answered, refusedIds, clock } = await pushListener(t, async () => {
      await clock.advance(answered.length === 0 ? 30 : 70);
      if (answered.length === 0) return 'stored';
      throw Object.assign(new Error('spool: full'), { status: 503, expose: true });
    });
    t.is((await post('/', sample)).status, 200);
    t.is((await post('/', sample, { 'x-request-id': 'proxy-7' })).status, 503);
    t.is((await post('/', 'no push')).status, 400);
    t.deepEqual(answered, [30, 70, 0]);
    t.deepEqual(refusedIds, ['proxy-7']);
  },
);
