// `spool status` and `spool drop`, on an open spool.

import test, { type ExecutionContext } from 'ava';
import { administration } from '../../../src/admin/administration.ts';
import { dropBacklog, showSpool } from '../../../src/cli/spool/status.ts';
import { lettersOf, nothing, readSpool, rejected } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';

async function opened(t: ExecutionContext) {
  const fake = await readSpool(t);
  const { spool, clock } = fake;
  const questions: string[] = [];
  let output = '';
  const options = (json: boolean) => {
    output = '';
    return {
      administration: administration({ spool, retryLetter: () => undefined, clock }),
      nowMs: clock.now(),
      isRunning: true,
      write: async (text: string): Promise<void> => void (output += text),
      json,
    };
  };
  const show = async (json = false) => ({ exitCode: await showSpool(options(json)), output });
  async function drop(sink?: string, { answer = true, json = false } = {}) {
    const confirm = async (question: string): Promise<boolean> => {
      questions.push(question);
      return answer;
    };
    return { exitCode: await dropBacklog({ ...options(json), sink, confirm }), output };
  }
  return { ...fake, show, drop, questions };
}

test('status shows the backlog and its age of each sink, parked measurements and dead letters', async (t) => {
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

test('drop asks for confirmation with the size of the backlog, and keeps the backlog if it is denied', async (t) => {
  const { spool, drop, questions } = await opened(t);
  await spool.append(points(10));
  t.deepEqual(await drop(undefined, { answer: false }), { exitCode: 1, output: 'spool: nothing was dropped\n' });
  t.regex(questions[0] ?? '', /^Drop 10 points \(\d+ bytes\) that wait for tsdb, for good\?$/);
  t.is((await spool.status()).sinks[0]?.backlog.points, 10);
  t.regex((await drop()).output, /^10 points dropped \(/);
  t.like(JSON.parse((await drop('tsdb', { json: true })).output), { sink: 'tsdb', points: 0 });
});

test('drop requires a sink name if there are several sinks', async (t) => {
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
