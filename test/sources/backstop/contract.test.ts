// The source contract, on each of Backstop's endpoints.

import { silentLog } from '../../../src/runtime/log.ts';
import { openBackstop } from '../../../src/sources/backstop/backstop.ts';
import { movableClock } from '../../fakes/time.ts';
import { type OpenSource, testSource } from '../contract.ts';
import { defaultSettings } from './bench.ts';

const open =
  (naming: 'legacy' | 'tags'): OpenSource =>
  async (_, parts) =>
    openBackstop({ ...defaultSettings, ...parts, naming, clock: movableClock(), log: silentLog() }).mount;

const list = '[{"host":"web1","time":1700000000,"plugin":"users","type":"users","values":[1]}]';
const event =
  '{"event":{"id":"1","event_type":"incident.triggered","occurred_at":"2024-03-05T10:00:00Z","data":{"service":{"summary":"a"}}}}';
const push =
  '{"ref":"refs/heads/main","repository":{"name":"a"},"commits":[{"id":"1","timestamp":"2024-03-05T10:00:00Z"}]}';

testSource(
  "Backstop's /collectd",
  {
    path: '/collectd',
    good: list,
    malformed: [
      ['nonsense', /JSON is required, found \\"nonsense\\"/],
      [list.replace('"web1"', '7'), /\[0\]: host: expected a name, found 7/],
      ['PUTVAL a/b', /line 1: identifier: expected host/],
    ],
  },
  open('tags'),
);
testSource(
  "Backstop's /publish",
  {
    path: '/publish/test',
    good: '{"metric":"a","value":1,"measure_time":1}',
    malformed: [['{"metric":"a","value":"x","measure_time":1}', /value: expected a number, found \\"x\\"/]],
  },
  open('legacy'),
);
testSource(
  "Backstop's /github",
  {
    path: '/github',
    good: push,
    malformed: [[push.replace('"ref"', '"fer"'), /ref: expected a branch or a tag, found nothing/]],
  },
  open('tags'),
);
testSource(
  "Backstop's /pagerduty",
  {
    path: '/pagerduty',
    good: event,
    malformed: [
      [event.replace('2024-', '24-'), /event.occurred_at: expected a time such as .*, found \\"24-03-05T10:00:00Z\\"/],
    ],
  },
  open('legacy'),
);
