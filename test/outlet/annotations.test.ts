// Annotations that the sink does not accept do not hold up their points, which are not written again.

import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../src/runtime/log.ts';
import type { DataPoint } from '../../src/model/point.ts';
import { openTsdbHttp } from '../../src/sinks/opentsdb/http/http-sink.ts';
import type { Letter } from '../../src/spool/dead-letters/letters.ts';
import { everyLetter } from '../fakes/letters.ts';
import { points } from '../fakes/points.ts';
import { answers, fakeTsd, type Fault } from '../fakes/tsd.ts';
import { until } from '../fakes/until.ts';
import { hasNothingInFlight, isDone, runningOutlet } from './running-outlet.ts';

const isAnnotation = (path: string): boolean => path === '/api/annotation/bulk';
const forAnnotations =
  (fault: Fault): Fault =>
  (exchange, answer) =>
    isAnnotation(exchange.request.url ?? '') ? fault(exchange, answer) : answer();
const annotated = (count: number, startMs = 1794994452001): DataPoint[] =>
  points(count).map((point, index) => ({
    ...point,
    annotation: { startMs: startMs + index, description: 'event', custom: {} },
  }));

async function outletToTsd(t: ExecutionContext) {
  const tsd = await fakeTsd(t);
  const requests = (matches: (path: string) => boolean): number =>
    tsd.requests.filter(({ path }) => matches(path)).length;
  return {
    ...(await runningOutlet(t, (clock) => openTsdbHttp({ urls: [tsd.url], clock, log: silentLog() }))),
    tsd,
    puts: () => requests((path) => path.startsWith('/api/put')),
    annotationRequests: () => requests(isAnnotation),
  };
}

test('points whose annotations are kept count as accepted and are not put again, and later points go on', async (t) => {
  const { clock, tsd, spool, outlet, puts, annotationRequests } = await outletToTsd(t);
  tsd.always(forAnnotations(answers(503, 'busy')));
  await spool.append(annotated(2));
  await until(() => outlet.status().accepted === 2 && hasNothingInFlight(outlet));
  t.like(outlet.status(), { accepted: 2, kept: 0, rejected: 0, lastError: undefined });
  await spool.append(points(2, 9));
  await until(() => outlet.status().accepted === 4 && hasNothingInFlight(outlet));
  t.is(outlet.status().backlog.points, 2, 'the annotations wait');
  tsd.always(undefined);
  await clock.advance(1_000);
  await until(() => isDone(outlet));
  t.deepEqual([puts(), annotationRequests(), tsd.points().length, tsd.annotations().length], [2, 2, 4, 2]);
  t.is(outlet.status().accepted, 4);
});

test('an attempt with annotations alone does not end an outage', async (t) => {
  const { clock, tsd, spool, outlet, annotationRequests } = await outletToTsd(t);
  tsd.always(forAnnotations(answers(503, 'busy')));
  await spool.append(annotated(1));
  await until(() => outlet.status().accepted === 1 && hasNothingInFlight(outlet));
  tsd.always(answers(503, 'down'));
  await spool.append(points(1, 9));
  await until(() => outlet.status().lastError !== undefined);
  const before = annotationRequests();
  while (annotationRequests() === before || !hasNothingInFlight(outlet)) await clock.advance(100);
  t.regex(outlet.status().lastError ?? '', /down/);
});

test('a rejected annotation becomes a dead letter without its point, and a retry writes the annotation alone', async (t) => {
  const { tsd, spool, outlet, puts, annotationRequests } = await outletToTsd(t);
  await spool.append(annotated(1, -1));
  await until(() => outlet.status().accepted === 1 && hasNothingInFlight(outlet));
  const letter = everyLetter(spool.deadLetters)[0] as Letter;
  t.regex(letter.reason ?? '', /^annotation alone, its point is stored: answered 400/);
  t.like(JSON.parse(letter.raw ?? '{}'), { metric: points(1)[0]?.metric, only: 'annotation' });
  t.like(outlet.status(), { accepted: 1, rejected: 0 });
  await spool.requeue([letter.id]);
  await until(() => annotationRequests() === 2 && isDone(outlet));
  t.deepEqual([puts(), tsd.points().length], [1, 1]);
});
