import test from 'ava';
import { type ContainerEvent, EngineError, type ListedContainer } from '../../../src/sources/docker/engine/engine.ts';
import { eventStream } from '../../../src/sources/docker/event-stream.ts';
import { engineInfo as info } from './engine-info.ts';
import { readLog } from '../../fakes/log.ts';
import { timePasses } from '../../fakes/passing-time.ts';
import { movableClock } from '../../fakes/time.ts';

function event(action: string, atNs: string, id = 'a'): ContainerEvent {
  return { id, name: id, action, atMs: Number(atNs) / 1e6, atNs, exitCode: undefined, labels: {}, image: undefined };
}

/** Each stream is refused, or tells its events and then breaks or stays open. */
type Stream = { readonly events: readonly ContainerEvent[]; readonly fails?: Error; readonly breaks?: Error };

function followed(streams: Stream[], listed?: ListedContainer, isAway = (): boolean => false) {
  const clock = movableClock();
  const log = readLog('info');
  const stop = new AbortController();
  const recorded: string[] = [];
  const kept: ContainerEvent[] = [];
  const forgotten: (string | undefined)[] = [];
  const sinces: (string | undefined)[] = [];
  let losses = 0;
  async function* events(since: string | undefined, signal: AbortSignal, onOpen: () => void) {
    sinces.push(since);
    const stream = streams.shift() ?? { events: [] };
    if (stream.fails !== undefined) throw stream.fails;
    onOpen();
    yield* stream.events;
    if (stream.breaks !== undefined) throw stream.breaks;
    await clock.sleep(1e9, { signal });
  }
  const stream = eventStream({
    engine: { address: 'unix:///run/docker.sock', events },
    connection: {
      async open() {
        if (isAway()) throw new EngineError('503: no server', { status: 503 });
        return info;
      },
      lost: () => void (losses += 1),
    },
    states: { forgetDetails: (id) => void forgotten.push(id) },
    counters: { begin: () => {}, record: (event) => void (recorded.push(event.action), kept.push(event)) },
    listed: (id) => (listed?.id === id ? listed : undefined),
    isSelected: ({ name }) => name !== 'excluded',
    clock,
    random: () => 1,
    log: log.log,
  });
  return { clock, log, stream, recorded, kept, forgotten, sinces, stop, losses: () => losses };
}

test('records the events of selected containers, and forgets the details of each', async (t) => {
  const { stream, clock, recorded, forgotten, stop } = followed([
    { events: [event('die', '1'), event('die', '2', 'excluded'), event('start', '3', 'b')] },
  ]);
  const running = stream.run(stop.signal);
  await clock.untilSomebodySleeps();
  t.true(stream.isOpen());
  t.deepEqual(recorded, ['die', 'start']);
  t.deepEqual(forgotten, [undefined, 'a', 'excluded', 'b']);
  stop.abort();
  await running;
});

test('an event of a listed container has the image and labels of the listing, and its name if it has none', async (t) => {
  const inListing = { id: 'a', name: 'web', image: 'sha256:1', labels: { tier: 'front' }, state: '', isRunning: true };
  const { stream, clock, kept, stop } = followed(
    [{ events: [event('die', '1'), { ...event('die', '2'), name: 'new', image: 'web:1' }, event('die', '3', 'b')] }],
    inListing,
  );
  const running = stream.run(stop.signal);
  await clock.untilSomebodySleeps();
  t.deepEqual(
    kept.map(({ name, image, labels }) => [name, image, labels]),
    [
      ['web', 'sha256:1', { tier: 'front' }],
      ['new', 'sha256:1', { tier: 'front' }],
      ['b', undefined, {}],
    ],
  );
  stop.abort();
  await running;
});

test('a stream that breaks is resumed at the last event, and no event counts twice', async (t) => {
  const { stream, clock, recorded, forgotten, sinces, stop, losses } = followed([
    { events: [event('die', '7'), event('start', '8')], breaks: new EngineError('reset') },
    { events: [event('start', '8'), event('die', '9')] },
  ]);
  const running = stream.run(stop.signal);
  await clock.untilSomebodySleeps();
  t.false(stream.isOpen());
  t.is(stream.lastError(), 'reset');
  t.is(losses(), 1, 'the version is negotiated again');
  await clock.advance(1000);
  t.true(stream.isOpen());
  t.is(stream.lastError(), undefined);
  t.deepEqual(recorded, ['die', 'start', 'die']);
  t.deepEqual(sinces, [undefined, '8']);
  t.is(forgotten.filter((id) => id === undefined).length, 2);
  stop.abort();
  await running;
});

test('events at one time, and of two at once the earlier that comes second, all count', async (t) => {
  const second = '1000000000';
  const { stream, clock, recorded, sinces, stop } = followed([
    {
      events: [event('oom', '999999999'), event('die', second), event('die', second, 'b'), event('kill', '999999998')],
      breaks: new EngineError('reset'),
    },
    { events: [event('die', second), event('die', second, 'b'), event('start', second, 'b')] },
  ]);
  const running = stream.run(stop.signal);
  await clock.untilSomebodySleeps();
  await clock.advance(1000);
  t.deepEqual(recorded, ['oom', 'die', 'die', 'kill', 'start']);
  t.deepEqual(sinces, [undefined, second]);
  stop.abort();
  await running;
});

test('a stream that breaks before its first event is resumed at its begin', async (t) => {
  const { stream, clock, recorded, sinces, stop } = followed([
    { events: [], breaks: new EngineError('reset') },
    { events: [event('die', '9')] },
  ]);
  const openedMs = clock.now();
  const running = stream.run(stop.signal);
  await clock.untilSomebodySleeps();
  await clock.advance(1000);
  t.deepEqual(sinces, [undefined, `${openedMs}000000`]);
  t.deepEqual(recorded, ['die'], 'the clock of the engine may be behind');
  stop.abort();
  await running;
});

test('an engine or proxy that refuses events is logged once, and asked again after at most five minutes', async (t) => {
  const refused = { events: [], fails: new EngineError('GET /events: 403: Forbidden', { status: 403 }) };
  const { stream, clock, log, sinces, stop } = followed(Array.from({ length: 40 }, () => refused));
  const running = stream.run(stop.signal);
  await timePasses(clock, 3_600_000, 1000);
  t.deepEqual(
    log.lines().map(({ reason, msg }) => [reason, msg]),
    [
      [
        'GET /events: 403: Forbidden',
        'the Docker engine tells no events; exits, OOM kills and restarts are not counted',
      ],
    ],
  );
  t.true(sinces.length > 15 && sinces.length < 30, String(sinces.length));
  stop.abort();
  await running;
});

test('an engine without an answer is left to the log of the polls', async (t) => {
  const { stream, clock, log, stop } = followed([{ events: [], fails: new EngineError('connect ECONNREFUSED') }]);
  const running = stream.run(stop.signal);
  await clock.untilSomebodySleeps();
  t.is(stream.lastError(), 'connect ECONNREFUSED');
  t.deepEqual(log.lines(), []);
  stop.abort();
  await running;
});

test('an engine that is away behind a proxy is left to the log of the polls too, and asked again as soon', async (t) => {
  const fails = new EngineError('GET /events: 503: no server', { status: 503 });
  for (const isAway of [true, false]) {
    const { stream, clock, log, stop, sinces } = followed(
      Array.from({ length: 1000 }, () => ({ events: [], fails })),
      undefined,
      () => isAway,
    );
    const running = stream.run(stop.signal);
    await timePasses(clock, 3_600_000, 1000);
    t.deepEqual(log.lines(), []);
    t.true(isAway || sinces.length > 100, String(sinces.length));
    stop.abort();
    await running;
  }
});
