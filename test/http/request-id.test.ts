// Request ids.

import test from 'ava';
import { requestIds } from '../../src/http/request-id.ts';

test('an id that is safe to log is kept', (t) => {
  const idOf = requestIds();
  for (const given of [
    '7',
    '4bf92f3577b34da6a3ce929d0e0e4736',
    'Root=1-67891233-abcdef012345678912345678',
    'a'.repeat(128),
  ])
    t.is(idOf(given), given);
});

test('a missing or unsafe id is replaced by a new one', (t) => {
  const idOf = requestIds();
  const made = ['', 'a b', 'a\tb', 'ä', '{"level":60}', '<b>', 'a'.repeat(129), '%0a'].map(idOf);
  t.is(new Set([...made, requestIds()('')]).size, made.length + 1);
  for (const id of made) t.regex(id, /^[0-9a-f]{12}-[0-9a-z]+$/);
});
