// Pushes over HTTP, on the fast path and on the route: what is delivered, and what is answered.

import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
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
import { slicer } from '../../../src/sources/catchpoint/slices.ts';
import { until } from '../../fakes/until.ts';
import { movableClock } from '../../fakes/time.ts';
import { defaultSlices, dnsPush as sample } from './samples.ts';

interface Delivery {
  readonly points: readonly DataPoint[];
  readonly options: DeliverOptions;
}
type Deliver = (points: readonly DataPoint[], options: DeliverOptions) => Promise<Delivered>;

/** Admits every push. */
const open = admission(
  { authenticate: () => false },
  concurrencyLimit({ maxRequests: 100, maxPerSender: 100, isProxy: () => false }),
  senderAddresses([]),
);

async function openListener(t: ExecutionContext, isFastPath: boolean, deliver?: Deliver) {
  const recorded = {
    delivered: [] as Delivery[],
    missed: [] as number[],
    refused: [] as string[],
    refusedIds: [] as string[],
    answered: [] as number[],
    malformed: [] as MalformedBody[],
    archived: [] as string[],
    counts: pushCounts(),
  };
  const clock = movableClock();
  const directory = nodeDirectory();
  directory.replace([{ id: 312, continent: 'Asia', active: true }], 0);
  const router = new Router();
  const intake = pushIntake({
    deliver: async (delivery, options = {}) => {
      const points = expanded(delivery);
      recorded.delivered.push({ points, options });
      return deliver?.(points, options) ?? 'stored';
    },
    directory,
    slice: slicer(defaultSlices),
    clock,
    extras: false,
    missed: (nodeId) => recorded.missed.push(nodeId),
    refused(reason, requestId = 'none') {
      recorded.refused.push(reason);
      recorded.refusedIds.push(requestId);
    },
    answered: (ms) => recorded.answered.push(ms),
    malformed: (one) => recorded.malformed.push(one),
    counts: recorded.counts,
    archive: { add: (body) => void recorded.archived.push(body.toString()) },
  });
  const reading = { maxBodyBytes: 10_000, clock };
  pushRoute(router, intake, reading);
  const first = isFastPath ? pushMiddleware(open, { intake, reading }) : undefined;
  const app = application(silentLog(), systemClock(), first);
  app.use(router.routes()).use(router.allowedMethods());
  const { url, close } = await listen(app, { host: '127.0.0.1', port: 0 });
  t.teardown(close);
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(url + path, { method: 'POST', body, headers: { connection: 'close', ...headers } });
  return { ...recorded, clock, url, post };
}

type PushListener = (t: ExecutionContext, deliver?: Deliver) => ReturnType<typeof openListener>;

function bothPaths(title: string, run: (t: ExecutionContext, pushListener: PushListener) => Promise<void>): void {
  for (const isFastPath of [true, false]) {
    test(`${title} (${isFastPath ? 'fast path' : 'route'})`, (t) =>
      run(t, (t, deliver) => openListener(t, isFastPath, deliver)));
  }
}

for (const path of ['/', '/?token=x', '/catchpoint', '/catchpoint/', '/catchpoint/a/b.c?d=e']) {
  bothPaths(`a push to ${path} is delivered and answered 200`, async (t, pushListener) => {
    const { post, delivered, counts } = await pushListener(t);
    const answer = await post(path, sample);
    t.deepEqual([answer.status, await answer.text()], [200, '']);
    t.is(delivered[0]?.points.length, 6);
    t.is(counts.taken, 1);
  });
}

bothPaths('the Content-Type is ignored', async (t, pushListener) => {
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

bothPaths('other paths answer 404, other methods 405', async (t, pushListener) => {
  const { url, post } = await pushListener(t);
  const elsewhere = await post('/other', sample);
  t.deepEqual([elsewhere.status, await elsewhere.json()], [404, { error: 'path: nothing is served at /other' }]);
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const answer = await fetch(`${url}/catchpoint/x`, { method });
    t.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST']);
    t.deepEqual(await answer.json(), { error: `method: /catchpoint/x takes POST, found ${method}` });
  }
});

bothPaths('a malformed push is answered 400 with the field and the value', async (t, pushListener) => {
  const { post, counts, delivered } = await pushListener(t);
  const answer = await post('/', sample.replace('"NodeId": 312', '"NodeId": -312'));
  t.is(answer.status, 400);
  t.is(await answer.text(), '{"error":"NodeId: expected an integer from 1 to 2^53-1, found -312"}');
  t.deepEqual([counts.malformed, delivered.length], [1, 0]);
});

bothPaths('a body over the limit is answered 413', async (t, pushListener) => {
  const { post } = await pushListener(t);
  const answer = await post('/', `{"padding":"${'x'.repeat(10_000)}"}`);
  t.is(answer.status, 413);
});

bothPaths('the answer 200 waits for the delivery', async (t, pushListener) => {
  let end: ((delivered: Delivered) => void) | undefined;
  const { post, delivered } = await pushListener(t, () => new Promise((resolve) => void (end = resolve)));
  let isAnswered = false;
  const answer = post('/', sample).then(({ status }) => {
    isAnswered = true;
    return status;
  });
  await until(() => delivered.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  t.false(isAnswered);
  end?.('stored');
  t.is(await answer, 200);
});

bothPaths(
  'a full spool is answered 503 with Retry-After, another error 500 without its message',
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

bothPaths('only pushes that are answered 200 are archived, verbatim', async (t, pushListener) => {
  const { post, archived } = await pushListener(t);
  await post('/', sample);
  await post('/', '{}');
  t.deepEqual(archived, [sample]);
  const refusing = await pushListener(t, () => Promise.reject(new Error('EIO')));
  await refusing.post('/', sample);
  t.deepEqual(refusing.archived, []);
});

bothPaths('a replay is answered with its outcome, and is not archived again', async (t, pushListener) => {
  const { post, archived } = await pushListener(t, async () => 'duplicate');
  const answer = await post('/', sample, { 'x-replayed': '1' });
  t.deepEqual([answer.status, await answer.json()], [200, { became: 'duplicate' }]);
  t.deepEqual(archived, []);
});

bothPaths('a duplicate and a conflict are answered 200 and counted', async (t, pushListener) => {
  for (const kind of ['duplicate', 'conflict'] as const) {
    const { post, counts } = await pushListener(t, async () => kind);
    t.is((await post('/', sample)).status, 200);
    t.deepEqual([counts[kind], counts.taken], [1, 0]);
  }
});

bothPaths('the run key does not depend on the rest of the body', async (t, pushListener) => {
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

bothPaths(
  'a push from an unknown node delivers the slices without its node, and parks the measurement',
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

bothPaths(
  'a time before 2010 or more than an hour ahead is answered 200 and becomes a dead letter',
  async (t, pushListener) => {
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
  },
);

bothPaths(
  'a malformed body is reported with the reason and the sender, a taken or refused push is not',
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

bothPaths('a body over the limit is reported with the bytes that were read', async (t, pushListener) => {
  const { url, malformed } = await pushListener(t);
  const body = new Blob(['x'.repeat(50_000)]).stream();
  await fetch(url, { method: 'POST', body, duplex: 'half' }).catch(() => undefined);
  t.is(malformed[0]?.reason, 'body: at most 10000 bytes, found more than 10000 bytes sent');
  t.regex(malformed[0]?.body.toString() ?? '', /^x{10000,}$/);
});

bothPaths('the dead letter of a push in UTF-16 has its text', async (t, pushListener) => {
  const { post, delivered } = await pushListener(t);
  const text = sample.replace('20261118093412345', '20091231235959999');
  const body = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
  t.is((await post('/', body)).status, 200);
  t.is(delivered[0]?.options.deadLetter?.raw, text);
});

bothPaths(
  'every push is timed to its answer, and a refused one is reported with its request id',
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
