// The spool command: what waits, in words, and throwing it away after a question; and the question itself.

import test, { type ExecutionContext } from 'ava';
import { PassThrough } from 'node:stream';
import { administration } from '../../src/admin/administration.ts';
import { confirmation } from '../../src/cli/confirmation.ts';
import { dropFromSpool, showSpool } from '../../src/cli/spool/spool.ts';
import { lettersOf, nothing, readSpool, rejected } from '../fakes/letters.ts';
import { points } from '../fakes/points.ts';

async function opened(t: ExecutionContext) {
  const kept = await readSpool(t);
  const { spool, clock } = kept;
  const questions: string[] = [];
  let output = '';
  const command = (json: boolean) => {
    output = '';
    const write = async (text: string): Promise<void> => void (output += text);
    return {
      administration: administration({ spool, retryLetter: () => undefined, clock }),
      nowMs: clock.now(),
      isRunning: true,
      write,
      json,
    };
  };
  const show = async (json = false) => ({ exitCode: await showSpool(command(json)), output });
  async function drop(sink?: string, { answer = true, json = false } = {}) {
    const ask = async (question: string): Promise<boolean> => {
      questions.push(question);
      return answer;
    };
    return { exitCode: await dropFromSpool({ ...command(json), sink, ask }), output };
  }
  return { ...kept, show, drop, questions };
}

test('status tells for each sink what waits and since when, and what is parked and dead', async (t) => {
  const { spool, reader, clock, show } = await opened(t);
  await lettersOf(spool, reader, points(1), [rejected(points(1)[0] as never)]);
  await spool.append(points(40), { parked: { waitsFor: '999', payload: '{"one":1}' } });
  const batch = reader.next(100);
  await reader.finish(batch as never, { ...nothing, kept: points(3), pauseMs: 0 });
  await spool.append(points(10));
  await clock.advance(3_723_000);
  const { exitCode, output } = await show();
  t.is(exitCode, 0);
  const lines = output.split('\n');
  t.regex(lines[0] ?? '', /^SINK +STATE +RECORD +POINTS WAITING +BYTES +OLDEST +OF THEM KEPT$/);
  t.regex(lines[1] ?? '', /^tsdb +runs +2 of 3 +13 +1\.\d KiB +01:02:03 +3$/);
  t.is(lines[2], 'parked:       1 measurements for 1 nodes, 265 bytes');
  t.regex(lines[3] ?? '', /^dead letters: 1, 2\d\d bytes; and 0 samples of malformed bodies, 0 bytes$/);
  t.regex(lines[4] ?? '', /^bound: {8}\d\.\d KiB of 1\.0 MiB$/);
  t.regex(lines[5] ?? '', /^files: {8}1 segments, \d+\.\d [KM]iB; \d+\.\d bytes each for the 51 points in it$/);
  t.regex(lines[6] ?? '', /^known runs: {3}0 of the last 02:00, \d+\.\d KiB of 96\.0 MiB$/);
  t.is(lines[7], 'bridge:       runs');
  t.like(JSON.parse((await show(true)).output), {
    isRunning: true,
    recordPoints: 51,
    sinks: [{ name: 'tsdb', retrySet: { points: 3 } }],
  });
});

test('drop asks with what it is about; a no leaves it', async (t) => {
  const { spool, drop, questions } = await opened(t);
  await spool.append(points(10));
  t.deepEqual(await drop(undefined, { answer: false }), { exitCode: 1, output: 'spool: nothing was dropped\n' });
  t.regex(questions[0] ?? '', /^Drop 10 points \(\d+ bytes\) that wait for tsdb, for good\?$/);
  t.is((await spool.status()).sinks[0]?.backlog.points, 10);
  t.regex((await drop()).output, /^10 points dropped \(/);
  t.like(JSON.parse((await drop('tsdb', { json: true })).output), { sink: 'tsdb', points: 0 });
});

test('where there are several sinks, one has to be named, and by its name', async (t) => {
  const { spool, drop, questions } = await opened(t);
  await spool.reader('file');
  t.deepEqual(await drop(), { exitCode: 64, output: 'spool: expected --sink, one of tsdb, file\n' });
  t.deepEqual(await drop('x'), {
    exitCode: 1,
    output: 'spool: no sink x has a place in the spool; there is tsdb, file\n',
  });
  t.deepEqual(questions, []);
  t.is((await drop('file')).exitCode, 0);
});

const never = new AbortController().signal;

/** Somebody at a terminal who types this. */
function typing(text: string): NodeJS.ReadableStream & { isTTY: boolean } {
  return Object.assign(new PassThrough(), { isTTY: true }).end(text);
}

test('only a yes is a yes', async (t) => {
  const answered = (text: string): Promise<boolean> =>
    confirmation({ stdin: () => typing(text), stderr: new PassThrough(), yes: false, signal: never })('Drop it?');
  for (const text of ['y\n', 'yes\n', ' Y \n', 'YES\n']) t.true(await answered(text), text);
  for (const text of ['\n', 'n\n', 'yess\n', 'drop\n']) t.false(await answered(text), text);
});

test('the question goes to standard error, Ctrl-C is a no, and --yes asks nobody', async (t) => {
  const stderr = new PassThrough();
  const stop = new AbortController();
  const terminal = Object.assign(new PassThrough(), { isTTY: true });
  const answer = confirmation({ stdin: () => terminal, stderr, yes: false, signal: stop.signal })('Drop it?');
  stop.abort();
  t.false(await answer);
  t.regex(String(stderr.read()), /Drop it\? \[y\/N\] /);
  t.true(await confirmation({ stdin: () => t.fail(), stderr, yes: true, signal: never })('Drop it?'));
});

test('where there is no terminal, and no --yes, it is refused', async (t) => {
  for (const stdin of [undefined, new PassThrough()]) {
    const ask = confirmation({ stdin: () => stdin, stderr: new PassThrough(), yes: false, signal: never });
    const refused = await t.throwsAsync(ask('Drop it?'), {
      message: '"Drop it?" wants a yes, and there is no terminal to ask on; --yes says it',
    });
    t.like(refused, { exitCode: 64 });
  }
});
