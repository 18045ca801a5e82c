// An outlet and the annotations that its sink could not write: their points are done, and are not written again for their sake.

import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../src/runtime/log.ts';
import { outlet } from '../../src/outlet/outlet.ts';
import type { DataPoint } from '../../src/model/point.ts';
import { openTsdbHttp } from '../../src/sinks/opentsdb/http/http-sink.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { points } from '../fakes/points.ts';
import { movableClock } from '../fakes/time.ts';
import { answers, fakeTsd, type Fault } from '../fakes/tsd.ts';
import type { Letter } from '../../src/spool/dead-letters/list.ts';
import { everyLetter } from '../fakes/letters.ts';

const isAnnotation = (path: string): boolean => path === '/api/annotation/bulk';
const ofAnnotations =
  (fault: Fault): Fault =>
  (exchange, answer) =>
    isAnnotation(exchange.request.url ?? '') ? fault(exchange, answer) : answer();
const annotated = (count: number, startMs = 1794994452001): DataPoint[] =>
  points(count).map((point, index) => ({
    ...point,
    annotation: { startMs: startMs + index, description: 'event', custom: {} },
  }));

async function bench(t: ExecutionContext) {
  const clock = movableClock();
  const tsd = await fakeTsd(t);
  const spool = await openSpool({ directory: await temporaryDirectory(t), maxBytes: 1 << 20, clock });
  const sink = openTsdbHttp({ urls: [tsd.url], clock, log: silentLog() });
  const reader = await spool.reader(sink.name);
  const stop = new AbortController();
  const one = outlet({ reader, sink, clock, random: () => 1, log: silentLog() });
  const running = one.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await running;
    await sink.close();
    await spool.close();
  });
  const asked = (wanted: (path: string) => boolean): number => tsd.requests.filter(({ path }) => wanted(path)).length;
  return {
    clock,
    tsd,
    spool,
    outlet: one,
    puts: () => asked((path) => path.startsWith('/api/put')),
    annotations: () => asked(isAnnotation),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('points whose annotations are not taken now count as taken, stop nothing, and are not put again', async (t) => {
  const { clock, tsd, spool, outlet, puts, annotations } = await bench(t);
  tsd.always(ofAnnotations(answers(503, 'busy')));
  await spool.append(annotated(2));
  await until(() => outlet.status().accepted === 2 && outlet.status().inFlight === 0);
  t.like(outlet.status(), { accepted: 2, kept: 0, rejected: 0, lastError: undefined });
  await spool.append(points(2, 9));
  await until(() => outlet.status().accepted === 4 && outlet.status().inFlight === 0);
  t.is(outlet.status().backlog.points, 2, 'the annotations wait');
  tsd.always(undefined);
  await clock.advance(1_000);
  await until(() => outlet.status().backlog.points + outlet.status().inFlight === 0);
  t.deepEqual([puts(), annotations(), tsd.points().length, tsd.annotations().length], [2, 2, 4, 2]);
  t.is(outlet.status().accepted, 4);
});

test('annotations that wait while nobody answers do not count as an answer', async (t) => {
  const { clock, tsd, spool, outlet, annotations } = await bench(t);
  tsd.always(ofAnnotations(answers(503, 'busy')));
  await spool.append(annotated(1));
  await until(() => outlet.status().accepted === 1 && outlet.status().inFlight === 0);
  tsd.always(answers(503, 'down'));
  await spool.append(points(1, 9));
  await until(() => outlet.status().lastError !== undefined);
  const asked = annotations();
  while (annotations() === asked || outlet.status().inFlight > 0) {
    await clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.regex(outlet.status().lastError ?? '', /down/);
});

test('a rejected annotation is a letter of the annotation alone, and tried again without its point', async (t) => {
  const { tsd, spool, outlet, puts, annotations } = await bench(t);
  await spool.append(annotated(1, -1));
  await until(() => outlet.status().accepted === 1 && outlet.status().inFlight === 0);
  const letter = everyLetter(spool.deadLetters)[0] as Letter;
  t.regex(letter.reason ?? '', /^annotation alone, its point is stored: answered 400/);
  t.like(JSON.parse(letter.raw ?? '{}'), { metric: points(1)[0]?.metric, only: 'annotation' });
  t.like(outlet.status(), { accepted: 1, rejected: 0 });
  await spool.returnPoints([letter?.id ?? '']);
  await until(() => annotations() === 2 && outlet.status().inFlight === 0 && outlet.status().backlog.points === 0);
  t.deepEqual([puts(), tsd.points().length], [1, 1]);
});
