// Sender addresses, the check of senders, and the rate limit per sender.

import test from 'ava';
import { BlockList } from 'node:net';
import { rateLimit } from '../../../src/auth/limits/rate-limit.ts';
import { addNetwork, isWithin, networkText, plainAddress, senderOf } from '../../../src/auth/senders/ip-networks.ts';
import { senderAddresses } from '../../../src/auth/senders/sender-address.ts';
import { senderCheck, type SenderCheckOptions } from '../../../src/auth/senders/sender-check.ts';
import { readLog } from '../../fakes/log.ts';
import { movableClock } from '../../fakes/time.ts';

test('networks are addresses, prefixes and ranges of both families', (t) => {
  const list = new BlockList();
  for (const text of ['192.0.2.1', '198.51.100.0/24', '203.0.113.5 - 203.0.113.9', '2001:db8::/32', '::1'])
    addNetwork(list, text);
  for (const inside of ['192.0.2.1', '198.51.100.200', '203.0.113.7', '2001:db8:1::7', '::1'])
    t.true(isWithin(list, inside), inside);
  for (const outside of ['192.0.2.2', '198.51.101.1', '203.0.113.10', '2001:db9::1', '', 'x'])
    t.false(isWithin(list, outside), outside);
  for (const wrong of [
    '',
    'x',
    '192.0.2.0/33',
    '192.0.2.0/',
    '2001:db8::/129',
    '192.0.2.1-::1',
    '192.0.2.256',
    '192.0.2.0/24/8',
  ]) {
    t.throws(() => networkText(wrong), { message: /^expected an address or a network/ }, wrong);
  }
});

test('addresses are normalized, and a sender is an IPv4 address or an IPv6 /64', (t) => {
  t.is(plainAddress('::ffff:192.0.2.7'), '192.0.2.7');
  t.is(plainAddress('fe80::1%eth0'), 'fe80::1');
  t.is(senderOf('192.0.2.7'), '192.0.2.7');
  t.is(senderOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  t.is(senderOf('2001:db8:1:2::6'), '2001:db8:1:2::/64');
  t.is(senderOf('2001:db8::6'), senderOf('2001:db8::7:0:0:1'));
  t.not(senderOf('2001:db8:1:2::6'), senderOf('2001:db8:1:3::6'));
  t.is(senderOf('::1'), '0:0:0:0::/64');
});

const from = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never;

test('X-Forwarded-For is read from its end, and only from trusted proxies', (t) => {
  const { addressOf } = senderAddresses(['10.0.0.0/8', '127.0.0.1']);
  t.is(addressOf(from('192.0.2.7', '198.51.100.1')), '192.0.2.7', 'no proxy');
  t.is(addressOf(from('10.0.0.1')), '10.0.0.1');
  t.is(addressOf(from('::ffff:10.0.0.1', '198.51.100.1')), '198.51.100.1');
  t.is(
    addressOf(from('10.0.0.1', '203.0.113.9, 198.51.100.1, 10.0.0.2')),
    '198.51.100.1',
    'anybody may write what is before it',
  );
  t.is(addressOf(from('10.0.0.1', '198.51.100.1:50312')), '198.51.100.1');
  t.is(addressOf(from('10.0.0.1', '[2001:db8::1]:50312')), '2001:db8::1');
  t.is(addressOf(from('10.0.0.1', '198.51.100.1, unknown')), '10.0.0.1', 'an entry that is no address ends the search');
  t.is(addressOf(from('10.0.0.1', '10.0.0.9')), '10.0.0.9');
  t.is(senderAddresses([]).addressOf(from('127.0.0.1', '198.51.100.1')), '127.0.0.1');
});

function checked(options: Partial<SenderCheckOptions>) {
  const { log, lines } = readLog();
  const all = { check: 'off', divisions: [], clients: [], ...options } as const;
  return { ...senderCheck(all, { clock: movableClock(), log }), lines };
}

const run = { nodeId: 312, clientId: 1, divisionId: 7, ipRanges: '192.0.2.0/24, 2001:db8::/32' };

test('an address that its node does not have is logged or refused', (t) => {
  const reporting = checked({ check: 'report' });
  reporting.admit('192.0.2.9', run);
  reporting.admit('2001:db8::9', run);
  reporting.admit('198.51.100.1', run);
  t.like(reporting.counts, { fitting: 2, strange: 1, unknown: 0 });
  t.like(reporting.lines(), { length: 1, 0: { times: 1, node: 312, from: '198.51.100.1' } });

  const enforcing = checked({ check: 'enforce' });
  enforcing.admit('192.0.2.9', run);
  t.throws(() => enforcing.admit('198.51.100.1', run), {
    name: 'HttpError',
    message: 'address: 198.51.100.1 is none of those of node 312',
  });
  t.like(enforcing.counts, { fitting: 1, strange: 1 });
});

test('no push is refused when the addresses of its node are unknown, or not all of them can be parsed', (t) => {
  const { admit, counts } = checked({ check: 'enforce' });
  admit('198.51.100.1', { ...run, ipRanges: undefined });
  admit('198.51.100.1', { ...run, ipRanges: '' });
  admit('198.51.100.1', { ...run, ipRanges: '192.0.2.0/24, dynamic' });
  admit('', run);
  t.like(counts, { fitting: 0, strange: 0, unknown: 4 });
  admit('192.0.2.1', { ...run, ipRanges: '192.0.2.0/24, dynamic' });
  t.is(counts.fitting, 1);
});

test('divisions and clients that are not allowed are refused', (t) => {
  const { admit, counts } = checked({ divisions: [7, 8], clients: [1] });
  admit('', run);
  t.throws(() => admit('', { ...run, divisionId: 9 }), {
    message: 'division: expected one that is allowed here, found 9',
  });
  t.throws(() => admit('', { ...run, divisionId: undefined }), {
    message: 'division: expected one that is allowed here, found none',
  });
  t.throws(() => admit('', { ...run, clientId: 2 }), { message: 'client: expected one that is allowed here, found 2' });
  t.like(counts, { division: 2, client: 1 });
});

test('each sender has a separate token bucket', async (t) => {
  const clock = movableClock();
  const attempt = rateLimit({ burst: 2, refillMs: 1000, clock });
  t.deepEqual([attempt('a'), attempt('a'), attempt('a'), attempt('b')], [0, 0, 1000, 0]);
  await clock.advance(400);
  t.is(attempt('a'), 600);
  await clock.advance(600);
  t.deepEqual([attempt('a'), attempt('a')], [0, 1000]);
  await clock.advance(60_000);
  t.deepEqual([attempt('a'), attempt('a'), attempt('a')], [0, 0, 1000], 'the bucket does not overflow');
});
