// The check of the Backstop sinks, on Backstops and bridges.

import test from 'ava';
import { backstopSinkCheck } from '../../../src/cli/checks/sinks.ts';
import type { Flags } from '../../../src/config/settings/origins.ts';
import { fakeBackstop } from '../../fakes/backstop.ts';
import { answers, closed } from '../../fakes/tsd.ts';
import { backstopBench } from '../../sources/backstop/bench.ts';
import { configFrom } from '../context.ts';
import { checkContext, lines } from './check-context.ts';

/** Without times and ports. */
async function found(flags: Flags): Promise<string[]> {
  const findings = await backstopSinkCheck(configFrom(flags), checkContext);
  return lines(findings).map((line) => line.replace(/\d+ ms/, '… ms').replace(/:\d{4,5}\b/, ''));
}

test('without a Backstop sink nothing is checked', async (t) => {
  t.deepEqual(await found({}), []);
});

test('a Backstop and a bridge are recognized, with prefix and password, and store nothing', async (t) => {
  const backstop = await fakeBackstop(t, { auth: ['u:p'] });
  const { url, delivered } = await backstopBench(t, { auth: ['u:p'] });
  const urls = [backstop.url, url].map((one) => `${one.replace('//', '//u:p@')}/publish/test`);
  t.deepEqual(await found({ backstopSink: urls }), [
    'ok Backstop: http://127.0.0.1/publish/test: takes publications, healthy, answered in … ms',
    'ok Backstop: http://127.0.0.1/publish/test: a bridge, which names rejected points, healthy, answered in … ms',
  ]);
  t.deepEqual([backstop.taken, delivered], [[], []]);
});

for (const isBridge of [false, true]) {
  test(`a wrong password and an unknown prefix are faults of ${isBridge ? 'a bridge' : 'a Backstop'}`, async (t) => {
    const { url } = isBridge ? await backstopBench(t, { auth: ['u:p'] }) : await fakeBackstop(t, { auth: ['u:p'] });
    const at = (user: string, prefix: string): string => `${url.replace('//', `//${user}@`)}/publish/${prefix}`;
    const [password, prefix] = await found({ backstopSink: [at('u:long-secret', 'test'), at('u:p', 'other')] });
    t.regex(
      password ?? '',
      /^fault 69 Backstop: http:\/\/127.0.0.1\/publish\/test: healthy, and answered 401, user and password in the URL are missing or wrong: /,
    );
    t.notRegex(password ?? '', /long-secret/);
    t.regex(
      prefix ?? '',
      /^fault 69 Backstop: http:\/\/127.0.0.1\/publish\/other: healthy, and answered 404, the prefix or the path of the URL is unknown there: ".*unknown prefix/,
    );
  });
}

test('a receiver that is away is a fault', async (t) => {
  const [line] = await found({ backstopSink: ['http://127.0.0.1:1/publish/test'] });
  t.regex(line ?? '', /^fault 69 Backstop: http:\/\/127\.0\.0\.1:1\/publish\/test: .*ECONNREFUSED/);
  const backstop = await fakeBackstop(t);
  backstop.play(closed);
  t.deepEqual(await found({ backstopSink: [`${backstop.url}/publish/test`] }), [
    'fault 69 Backstop: http://127.0.0.1/publish/test: connection closed without a reply',
  ]);
});

test('a receiver without /health, or at another path, is taken if it takes an empty list', async (t) => {
  const backstop = await fakeBackstop(t);
  backstop.play(answers(404), answers(204), answers(204));
  t.deepEqual(
    [
      ...(await found({ backstopSink: [`${backstop.url}/publish/test`] })),
      ...(await found({ backstopSink: [`${backstop.url}/metrics`] })),
    ],
    [
      'ok Backstop: http://127.0.0.1/publish/test: takes publications, answered 404 to /health, answered in … ms',
      'ok Backstop: http://127.0.0.1/metrics: takes publications, no /publish in the URL, so /health is not asked, answered in … ms',
    ],
  );
});
