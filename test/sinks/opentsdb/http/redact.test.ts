// What is sent in confidence stays out of what is said.

import test from 'ava';
import { redact, redactVerdict } from '../../../../src/sinks/opentsdb/http/redact.ts';
import { points } from '../../../fakes/points.ts';

const password = 'p%20w"ä&7-long';
const url = `http://user:${encodeURIComponent(password)}@tsdb.example:4242/prefix`;
const hide = redact({
  urls: [url, 'nonsense'],
  headers: { Authorization: 'Bearer tok3n-of-ours', 'X-Scope-OrgID': 'tenant-12', 'X-One': '1' },
});

const cases: [said: string, shown: string][] = [
  ['answered 401: "no Bearer tok3n-of-ours here"', 'answered 401: "no *** here"'],
  ['the token tok3n-of-ours is old', 'the token *** is old'],
  [`Basic ${Buffer.from(`user:${password}`).toString('base64')}`, '***'],
  [`at http://user:${encodeURIComponent(password)}@x`, 'at http://user:***@x'],
  [`password ${password}`, 'password ***'],
  [JSON.stringify({ password }), '{"password":"***"}'],
  [JSON.stringify(JSON.stringify({ password })), '"{\\"password\\":\\"***\\"}"'],
  [
    'http://a: answered 401: "scope tenant-"; http://b: refused',
    'http://a: answered 401: "scope ***"; http://b: refused',
  ],
  ['and it broke off within tok3n-of', 'and it broke off within ***'],
  ['answered 400 at 1 of 11 hosts', 'answered 400 at 1 of 11 hosts'],
];
for (const [said, shown] of cases)
  test(`what is said as ${said.slice(0, 60)} is shown without secrets`, (t) => t.is(hide(said), shown));

test('a verdict keeps its points', (t) => {
  const [one, other] = points(2);
  const verdict = {
    rejected: [{ point: one as never, reason: 'tenant-12' }],
    kept: [{ point: other as never, reason: 'later' }],
  };
  t.deepEqual(redactVerdict(verdict, hide), {
    rejected: [{ point: one, reason: '***' }],
    kept: [{ point: other, reason: 'later' }],
  } as never);
});
