// Passwords and header values are redacted in messages.

import test from 'ava';
import type { DataPoint } from '../../src/model/point.ts';
import { redact, redactVerdict } from '../../src/sinks/redact.ts';
import { points } from '../fakes/points.ts';

const password = 'p%20w"ä&7-long';
const url = `http://user:${encodeURIComponent(password)}@tsdb.example:4242/prefix`;
const redactText = redact([url, 'http://host/publish/x?key=k-1234&sync=true', 'nonsense'], {
  Authorization: 'Bearer tok3n-of-ours',
  'X-Scope-OrgID': 'tenant-12',
  'X-One': '1',
});

const cases: [message: string, redacted: string][] = [
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
  ['Cannot POST /publish/x?key=k-1234&sync=true', 'Cannot POST /publish/x?***&***'],
  ['answered 400 at 1 of 11 hosts', 'answered 400 at 1 of 11 hosts'],
];
for (const [message, redacted] of cases)
  test(`a message is redacted: ${message.slice(0, 60)}`, (t) => t.is(redactText(message), redacted));

test('a verdict is redacted in its reasons only', (t) => {
  const [one, other] = points(2) as [DataPoint, DataPoint];
  const kept = [{ point: other, reason: 'later' }];
  const verdict = { rejected: [{ point: one, reason: 'tenant-12' }], kept };
  t.deepEqual(redactVerdict(verdict, redactText), { rejected: [{ point: one, reason: '***' }], kept });
});
