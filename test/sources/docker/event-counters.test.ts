import test from 'ava';
import type { TimeUnit } from '../../../src/model/point.ts';
import type { ContainerEvent } from '../../../src/sources/docker/engine/engine.ts';
import { type EventCounters, eventCounters } from '../../../src/sources/docker/event-counters.ts';

const startMs = Date.UTC(2026, 10, 30, 10);

function event(action: string, atMs: number, id = 'a'): ContainerEvent {
  const atNs = `${startMs + atMs}000000`;
  return { id, name: `name-${id}`, action, atMs: startMs + atMs, atNs, exitCode: '1', labels: {}, image: 'bb:1' };
}

function begun(unit: TimeUnit): EventCounters {
  const counters = eventCounters(unit);
  counters.begin();
  return counters;
}

test('counters have no value until events come in', (t) => {
  const counters = eventCounters('s');
  t.deepEqual(counters.current('a', startMs), []);
  counters.begin();
  t.is(counters.current('a', startMs).length, 3);
});

test('counts exits, OOM kills and starts after an exit', (t) => {
  const counters = begun('s');
  for (const [action, atMs] of [
    ['create', 0],
    ['start', 1000],
    ['oom', 2000],
    ['die', 3000],
    ['start', 4000],
    ['restart', 4000],
  ] as const)
    counters.record(event(action, atMs));
  t.deepEqual(counters.totals(), { exits: 1, oomKills: 1, restarts: 1 });
  const moments = counters.takeMoments().get('a') ?? [];
  t.deepEqual(
    moments.map(({ figure, atMs, value }) => [figure, atMs - startMs, value]),
    [
      ['oom_kills', 2000, 1],
      ['exits', 3000, 1],
      ['restarts', 4000, 1],
    ],
  );
  t.is(counters.takeMoments().size, 0);
});

test('a start without an exit before it is no restart', (t) => {
  const counters = begun('s');
  counters.record(event('start', 0));
  t.is(counters.totals().restarts, 0);
});

test('several events of a second become one value with their number', (t) => {
  const counters = begun('s');
  for (const atMs of [100, 400, 900, 1100]) counters.record(event('die', atMs));
  t.deepEqual(
    counters
      .takeMoments()
      .get('a')
      ?.map(({ atMs, value, times }) => [atMs - startMs, value, times]),
    [
      [0, 3, 3],
      [1000, 4, 1],
    ],
  );
});

test('no two points of a counter have one time, whether of an event or of a poll', (t) => {
  const counters = begun('s');
  counters.record(event('die', 5200));
  t.is(counters.takeMoments().get('a')?.[0]?.atMs, startMs + 5000);
  t.deepEqual(
    counters.current('a', startMs + 5900).map(({ figure }) => figure),
    ['restarts', 'oom_kills'],
  );
  t.deepEqual(
    counters.current('a', startMs + 6000).map(({ figure, value }) => [figure, value]),
    [
      ['restarts', 0],
      ['oom_kills', 0],
      ['exits', 1],
    ],
  );
  counters.record(event('die', 6500));
  t.is(counters.takeMoments().get('a')?.[0]?.atMs, startMs + 7000);
});

test('events of a second that are told after its point move to the next second', (t) => {
  const counters = begun('ms');
  counters.record(event('die', 5));
  counters.takeMoments();
  counters.record(event('die', 5));
  t.is(counters.takeMoments().get('a')?.[0]?.atMs, startMs + 6);
});

test('forgets a container that is gone once its events are taken', (t) => {
  const counters = begun('s');
  counters.record(event('die', 0));
  counters.keepOnly(new Set());
  t.is(counters.takeMoments().size, 1);
  counters.keepOnly(new Set());
  t.is(counters.current('a', startMs + 9000).find(({ figure }) => figure === 'exits')?.value, 0);
});
