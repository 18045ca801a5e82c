// How far a replay has come is a bar on a terminal, drawn over itself, and elsewhere a line now and then.

import test from 'ava';
import { Writable } from 'node:stream';
import { type Progress, progress } from '../../../src/cli/replay/progress.ts';
import { type MovableClock, movableClock } from '../../fakes/time.ts';

interface Shown {
  readonly clock: MovableClock;
  readonly shown: Progress;
  readonly text: () => string;
  readonly come: (read: number, bytes: number) => void;
}

function shownTo({
  isTTY,
  columns = 120,
  totalBytes,
}: {
  readonly isTTY: boolean;
  readonly columns?: number;
  readonly totalBytes: number | undefined;
}): Shown {
  const clock = movableClock();
  let text = '';
  let soFar = { read: 0, replayed: 0, bytes: 0 };
  const output = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const shown = progress({ output: Object.assign(output, { isTTY, columns }), clock, totalBytes, soFar: () => soFar });
  return { clock, shown, text: () => text, come: (read, bytes) => void (soFar = { read, replayed: read - 1, bytes }) };
}

const clear = '\r\x1b[2K';

test('a terminal has a bar, lines above it, and nothing of it in the end', async (t) => {
  const { clock, shown, text, come } = shownTo({ isTTY: true, totalBytes: 1000 });
  const stop = new AbortController();
  const running = shown.run(stop.signal);
  come(1500, 250);
  await clock.advance(250);
  t.is(text(), `${clear}[=====               ]  25 %   1,500 read, 1,499 replayed   6,000/s   0:01 left`);
  shown.say('warning: a line');
  t.true(text().endsWith(`left${clear}warning: a line\n`));
  stop.abort();
  await running;
  t.true(text().endsWith(`\n${clear}`));
});

test('a narrow terminal gets what fits', async (t) => {
  const { clock, shown, text } = shownTo({ isTTY: true, columns: 20, totalBytes: 1000 });
  const stop = new AbortController();
  const running = shown.run(stop.signal);
  await clock.advance(250);
  t.is(text().length, clear.length + 19);
  stop.abort();
  await running;
});

test('elsewhere there is a line every ten seconds, without a bar where the end is not known', async (t) => {
  const { clock, shown, text, come } = shownTo({ isTTY: false, totalBytes: undefined });
  const stop = new AbortController();
  const running = shown.run(stop.signal);
  come(5000, 250);
  await clock.advance(20_000);
  t.is(text(), '5,000 read, 4,999 replayed   500/s\n5,000 read, 4,999 replayed   250/s\n');
  stop.abort();
  await running;
});
