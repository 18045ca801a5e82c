// The check of the push URL, on servers with a bridge's answers and with others.

import test from 'ava';
import { pushUrlCheck } from '../../../src/cli/checks/push-url.ts';
import { configFrom } from '../context.ts';
import { checkContext, lines, webServer } from './check-context.ts';

async function findingsFor(pushUrl: string | undefined, addresses: readonly string[] = []): Promise<string[]> {
  const { signal } = new AbortController();
  return lines(await pushUrlCheck(configFrom(), { ...checkContext, signal, pushUrl, lookup: async () => addresses }));
}

const answers: readonly (readonly [status: number, body: string, found: string])[] = [
  [400, '{"error":"TestId: expected"}', 'ok push URL: a bridge answered 400 in … ms to what is no push'],
  [400, '<html>', 'warning push URL: answered 400 in … ms: that is not how a bridge answers what is no push'],
  [200, '', 'warning push URL: answered 200 in … ms: that is not how a bridge answers what is no push'],
  [301, '', 'fault 69 push URL: answered 301 in … ms: sends elsewhere, where agents may not follow'],
  [401, '{"error":"x"}', 'fault 77 push URL: answered 401 in … ms: not let in'],
  [404, '{"error":"x"}', 'fault 69 push URL: answered 404 in … ms: no push is taken there'],
  [502, 'Bad Gateway', 'fault 69 push URL: answered 502 in … ms'],
  [503, '{"error":"x"}', 'fault 69 push URL: answered 503 in … ms: pushes are refused now'],
];
for (const [status, body, found] of answers) {
  test(`a push URL that answers ${status} ${body}`, async (t) => {
    const methods: (string | undefined)[] = [];
    const url = await webServer(t, ({ method }, response) => {
      methods.push(method);
      response.writeHead(status, { location: '/elsewhere' }).end(body);
    });
    const [answer, encryption, address] = await findingsFor(`${url}/catchpoint/hunter2`);
    t.deepEqual(methods, ['POST']);
    t.is(answer?.replace(/\d+ ms/, '… ms'), found);
    t.regex(encryption ?? '', /^warning push URL: not encrypted/);
    t.is(address, 'warning push URL: 127.0.0.1: a private address');
  });
}

test('the finding of an unreachable push URL does not quote its token', async (t) => {
  const found = await findingsFor('http://127.0.0.1:1/catchpoint/hunter2');
  t.regex(found[0] ?? '', /^fault 69 push URL: .*(ECONNREFUSED|ERR_SOCKET)/);
  t.notRegex(found.join(), /hunter2/);
});

test('without a push URL nothing is checked', async (t) => {
  t.deepEqual(await findingsFor(undefined), ['unknown push URL: not given']);
});

test('the certificate of a push URL is checked: its names, its expiry and its authority', async (t) => {
  const url = await webServer(t, (_, response) => response.writeHead(400).end('{"error":"no push"}'), true);
  const found = await findingsFor(url.replace('127.0.0.1', 'localhost'), ['192.0.2.7', '127.0.0.1']);
  t.is(found.length, 2);
  t.regex(found[0] ?? '', /^ok push URL: /);
  t.regex(
    found[1] ?? '',
    /^fault 69 push certificate: DNS:localhost, IP Address:127\.0\.0\.1: holds \d+ days more, but is not believed \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  );
});
