// The benchmark's requests to vmagent, and its metrics.

import test from 'ava';
import { readyPoints, vmagentIn, writtenRows } from './vmagent.ts';

const metrics = (sent: number): string =>
  [
    'vmagent_remotewrite_block_size_rows_bucket{vmrange="1.0e+00...1.1e+00"} 9',
    'vmagent_remotewrite_block_size_rows_sum 45',
    'vmagent_remotewrite_block_size_rows_count 3',
    `vmagent_remotewrite_blocks_sent_total{url="1:secret-url"} ${sent}`,
  ].join('\n');

test('points count once all blocks are sent', (t) => {
  t.is(writtenRows(metrics(3)), 45);
  t.is(writtenRows(metrics(2)), 0);
});

test('requests have fifteen points and equal lengths', (t) => {
  const bodies = readyPoints([20_000_001, 20_000_002], 100);
  const two = [bodies.next(), bodies.next()];
  for (const body of two) {
    t.is(body.length, bodies.bytes);
    t.is((JSON.parse(body.toString()) as unknown[]).length, 15);
  }
  t.notDeepEqual(two[0], two[1]);
});

test('vmagent is not installed if no directory in PATH has it', (t) => {
  t.is(vmagentIn('/nowhere:/dev/null'), undefined);
});
