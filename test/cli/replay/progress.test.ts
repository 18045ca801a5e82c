// The progress of a replay, on a terminal and elsewhere.

import test from 'ava';
import { progress, type ProgressState } from '../../../src/cli/replay/progress.ts';
import { movableClock } from '../../fakes/time.ts';
import { capturedOutput } from '../context.ts';

function running(terminal: { readonly isTTY: boolean; readonly columns?: number }, totalBytes: number | undefined) {
  const clock = movableClock();
  const output = capturedOutput(terminal);
  const stop = new AbortController();
  let state: ProgressState = { read: 0, replayed: 0, bytes: 0 };
  const shown = progress({ output, clock, totalBytes, current: () => state });
  const run = shown.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await run;
  };
  const advance = (read: number, bytes: number): void => void (state = { read, replayed: read - 1, bytes });
  return { clock, shown, text: output.text, advance, end };
}

const clear = '\r\x1b[2K';

test('a terminal has a bar with lines above it, which is cleared at the end', async (t) => {
  const { clock, shown, text, advance, end } = running({ isTTY: true }, 1000);
  advance(1500, 250);
  await clock.advance(250);
  t.is(text(), `${clear}[=====               ]  25 %   1,500 read, 1,499 replayed   6,000/s   0:01 left`);
  shown.writeLine('warning: a line');
  t.true(text().endsWith(`left${clear}warning: a line\n`));
  await end();
  t.true(text().endsWith(`\n${clear}`));
});

test('the bar fits a narrow terminal', async (t) => {
  const { clock, text, end } = running({ isTTY: true, columns: 20 }, 1000);
  await clock.advance(250);
  t.is(text().length, clear.length + 19);
  await end();
});

test('elsewhere there is a line every ten seconds, without a bar when the size is unknown', async (t) => {
  const { clock, text, advance, end } = running({ isTTY: false }, undefined);
  advance(5000, 250);
  await clock.advance(20_000);
  t.is(text(), '5,000 read, 4,999 replayed   500/s\n5,000 read, 4,999 replayed   250/s\n');
  await end();
});
