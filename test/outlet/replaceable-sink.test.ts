// A sink is replaced between two writes; the previous sink finishes its writes in flight.

import test from 'ava';
import { replaceableSink } from '../../src/outlet/replaceable-sink.ts';
import { allAccepted, type Sink, type Verdict } from '../../src/model/sink.ts';
import { batchOf, runs } from '../fakes/batches.ts';

interface Scripted extends Sink {
  readonly steps: string[];
  answer(): void;
}

/** Answers the oldest write at each `answer`. */
function scripted(points = 1, name = 'a'): Scripted {
  const steps: string[] = [];
  const inFlight: ((verdict: Verdict) => void)[] = [];
  return {
    name,
    steps,
    batchPoints: () => points,
    write: () => {
      steps.push('write');
      return new Promise((resolve) => inFlight.push(resolve));
    },
    close: async () => void steps.push('close'),
    answer: () => inFlight.shift()?.(allAccepted),
  };
}

const signal = new AbortController().signal;

test('after a replacement writes go to the next sink, and the previous one is closed after its last answer', async (t) => {
  const [previous, next] = [scripted(1), scripted(2)];
  const sink = replaceableSink(previous);
  const [one, two] = [sink.write([], { signal }), sink.write([], { signal })];
  sink.replace(next);
  t.is(sink.batchPoints(), 2);
  const three = sink.write([], { signal });
  previous.answer();
  t.is(await one, allAccepted);
  t.deepEqual(previous.steps, ['write', 'write']);
  previous.answer();
  await two;
  t.deepEqual([previous.steps, next.steps], [['write', 'write', 'close'], ['write']]);
  next.answer();
  await three;
  t.deepEqual(next.steps, ['write']);
});

test('a sink with `writeBatch` receives a batch as it was delivered, another one its points', async (t) => {
  const [previous, next] = [scripted(), scripted()];
  const received: unknown[] = [];
  const sink = replaceableSink({
    ...previous,
    writeBatch: (batch, options) => {
      received.push(batch);
      return previous.write([], options);
    },
  });
  const [one, two] = [batchOf(...runs(1)), batchOf(...runs(2))];
  const first = sink.writeBatch?.(one, { signal });
  sink.replace({ ...next, write: (points, options) => (received.push(points), next.write(points, options)) });
  const second = sink.writeBatch?.(two, { signal });
  t.deepEqual(previous.steps, ['write']);
  previous.answer();
  next.answer();
  await Promise.all([first, second]);
  t.deepEqual(previous.steps, ['write', 'close']);
  t.deepEqual(received, [one, two.points]);
  t.is(one.expansions(), 0);
});

test('a sink with nothing in flight is closed at once, and `close` closes every sink that is left', async (t) => {
  const [first, second, third] = [scripted(), scripted(), scripted()];
  const sink = replaceableSink(first);
  sink.replace(second);
  t.deepEqual(first.steps, ['close']);
  void sink.write([], { signal });
  sink.replace(third);
  await sink.close();
  t.deepEqual([first.steps, second.steps, third.steps], [['close'], ['write', 'close'], ['close']]);
});

test('a write that throws is no longer in flight', async (t) => {
  const first = { ...scripted(), write: () => Promise.reject(new Error('refused')) };
  const sink = replaceableSink(first);
  await t.throwsAsync(sink.write([], { signal }), { message: 'refused' });
  sink.replace(scripted());
  t.deepEqual(first.steps, ['close']);
});

test('a sink of another name is refused, since the spool keeps positions by name', (t) => {
  const sink = replaceableSink(scripted());
  t.throws(() => sink.replace(scripted(1, 'b')), { message: 'sink: expected another a, found b' });
});

test('the annotations of closed sinks stay in the counts', async (t) => {
  const counting = (written: number, skipped: number): Scripted => ({
    ...scripted(),
    annotations: () => ({ written, skipped }),
  });
  t.is(replaceableSink(scripted()).annotations, undefined);
  const previous = counting(3, 1);
  const sink = replaceableSink(previous);
  const one = sink.write([], { signal });
  sink.replace(counting(10, 20));
  t.deepEqual(sink.annotations?.(), { written: 13, skipped: 21 });
  previous.answer();
  await one;
  t.deepEqual(previous.steps, ['write', 'close']);
  t.deepEqual(sink.annotations?.(), { written: 13, skipped: 21 });
});
