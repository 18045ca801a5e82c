// A sink is exchanged between two writes; what is in flight stays with the sink that has it.

import test from 'ava';
import { replaceableSink } from '../../src/outlet/replaceable-sink.ts';
import { allAccepted, type Sink, type Verdict } from '../../src/model/sink.ts';
import { batchOf, runs } from '../fakes/batches.ts';

interface Scripted extends Sink {
  readonly steps: string[];
  answer(): void;
}

/** Answers each write when it is told to. */
function scripted(name: string, points: number): Scripted {
  const steps: string[] = [];
  const waiting: ((verdict: Verdict) => void)[] = [];
  return {
    name,
    steps,
    batchPoints: () => points,
    write: () => {
      steps.push('write');
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: async () => void steps.push('close'),
    answer: () => waiting.shift()?.(allAccepted),
  };
}

const signal = new AbortController().signal;

test('what comes after the exchange goes to the next sink, and the former one is closed when it has answered', async (t) => {
  const [former, next] = [scripted('a', 1), scripted('a', 2)];
  const sink = replaceableSink(former);
  const [one, two] = [sink.write([], { signal }), sink.write([], { signal })];
  sink.replace(next);
  t.is(sink.batchPoints(), 2);
  const three = sink.write([], { signal });
  former.answer();
  t.is(await one, allAccepted);
  t.deepEqual(former.steps, ['write', 'write']);
  former.answer();
  await two;
  t.deepEqual([former.steps, next.steps], [['write', 'write', 'close'], ['write']]);
  next.answer();
  await three;
  t.deepEqual(next.steps, ['write']);
});

test('a batch goes as it was delivered to a sink that takes it so, and as points to any other', async (t) => {
  const [former, next] = [scripted('a', 1), scripted('a', 1)];
  const given: unknown[] = [];
  const sink = replaceableSink({
    ...former,
    writeBatch: (batch, options) => {
      given.push(batch);
      return former.write([], options);
    },
  });
  const [one, two] = [batchOf(...runs(1)), batchOf(...runs(2))];
  const first = sink.writeBatch?.(one, { signal });
  sink.replace({ ...next, write: (points, options) => (given.push(points), next.write(points, options)) });
  const second = sink.writeBatch?.(two, { signal });
  t.deepEqual(former.steps, ['write']);
  former.answer();
  next.answer();
  await Promise.all([first, second]);
  t.deepEqual(former.steps, ['write', 'close']);
  t.deepEqual(given, [one, two.points]);
  t.is(one.expansions(), 0);
});

test('a sink with nothing in flight is closed at once, and a close closes every one that is left', async (t) => {
  const [first, second, third] = [scripted('a', 1), scripted('a', 1), scripted('a', 1)];
  const sink = replaceableSink(first);
  sink.replace(second);
  t.deepEqual(first.steps, ['close']);
  void sink.write([], { signal });
  sink.replace(third);
  await sink.close();
  t.deepEqual([first.steps, second.steps, third.steps], [['close'], ['write', 'close'], ['close']]);
});

test('a write that throws counts as done', async (t) => {
  const first = { ...scripted('a', 1), write: () => Promise.reject(new Error('nobody')) };
  const sink = replaceableSink(first);
  await t.throwsAsync(sink.write([], { signal }), { message: 'nobody' });
  sink.replace(scripted('a', 1));
  t.deepEqual(first.steps, ['close']);
});

test('a sink of another name is no exchange, since the spool knows sinks by their names', (t) => {
  const sink = replaceableSink(scripted('a', 1));
  t.throws(() => sink.replace(scripted('b', 1)), { message: 'sink: expected another a, found b' });
});

test('the annotations of those that are closed are counted on', async (t) => {
  const counting = (written: number, skipped: number): Scripted => ({
    ...scripted('a', 1),
    annotations: () => ({ written, skipped }),
  });
  t.is(replaceableSink(scripted('a', 1)).annotations, undefined);
  const former = counting(3, 1);
  const sink = replaceableSink(former);
  const one = sink.write([], { signal });
  sink.replace(counting(10, 20));
  t.deepEqual(sink.annotations?.(), { written: 13, skipped: 21 });
  former.answer();
  await one;
  t.deepEqual(former.steps, ['write', 'close']);
  t.deepEqual(sink.annotations?.(), { written: 13, skipped: 21 });
});
