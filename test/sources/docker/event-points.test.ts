import test from 'ava';
import type { Moment } from '../../../src/sources/docker/event-counters.ts';
import { eventPoints } from '../../../src/sources/docker/event-points.ts';
import { namesOf } from '../../../src/sources/docker/naming/names.ts';

const secondMs = Date.UTC(2026, 10, 30, 10);

function moment(name: string, figure: Moment['figure'], offsetMs: number, overrides: Partial<Moment> = {}): Moment {
  const atMs = secondMs + offsetMs;
  const event = {
    id: `id-${name}`,
    name,
    action: 'die',
    atMs,
    atNs: `${atMs}000000`,
    exitCode: '137',
    labels: { 'com.docker.compose.project': 'shop' },
    image: 'web:1',
  };
  return { figure, atMs: Math.floor(atMs / 1000) * 1000, value: 3, event, times: 1, ...overrides };
}

const names = namesOf({
  naming: 'tags',
  prefix: 'docker',
  hostname: 'h1',
  unit: 's',
  labelTags: [{ tag: 'project', label: 'com.docker.compose.project' }],
  figures: 'all',
});
const options = { names, nameOf: (name: string) => ({ name: name.toUpperCase(), category: undefined }) };

test('an event is a point of its counter with an annotation at its second', (t) => {
  t.deepEqual(eventPoints([moment('web', 'exits', 750)], options), [
    {
      metric: 'docker.exits',
      timestamp: secondMs / 1000,
      unit: 's',
      value: '3',
      tags: { host: 'h1', container: 'WEB', image: 'web_1', project: 'shop' },
      annotation: {
        startMs: secondMs,
        description: 'container WEB exited with code 137',
        custom: { containers: 'WEB' },
      },
    },
  ]);
});

test('the events of a second share an annotation, those of another second have theirs', (t) => {
  const points = eventPoints(
    [
      moment('web', 'oom_kills', 100),
      moment('web', 'exits', 100, { times: 2 }),
      moment('db', 'restarts', 900),
      moment('db', 'exits', 1200),
    ],
    options,
  );
  t.deepEqual(
    points.map(({ annotation }) => annotation?.description),
    [
      'container WEB was killed by the kernel, out of memory; container WEB exited with code 137 (2 times); container DB started again',
      undefined,
      undefined,
      'container DB exited with code 137',
    ],
  );
  t.deepEqual(points[0]?.annotation?.custom, { containers: 'WEB, DB' });
});

test('of many events of a second the annotation describes five, and notes the others', (t) => {
  const many = Array.from({ length: 30 }, (_, index) => moment(`c${index}`, 'exits', 0));
  const [first] = eventPoints(many, options);
  t.regex(first?.annotation?.description ?? '', /container C4 exited with code 137; and 25 more$/);
  t.is(first?.annotation?.notes?.split('\n').length, 30);
});

test('figures of the original alone have no counters of events', (t) => {
  const original = namesOf({
    naming: 'legacy',
    prefix: '',
    hostname: 'h1',
    unit: 's',
    labelTags: [],
    figures: 'original',
  });
  t.deepEqual(eventPoints([moment('web', 'exits', 0)], { ...options, names: original }), []);
});
