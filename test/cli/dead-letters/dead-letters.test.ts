// `dead-letters` on an open spool: its output, its questions and its effects.

import test, { type ExecutionContext } from 'ava';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as commands from '../../../src/cli/dead-letters/dead-letters.ts';
import { exportLetters } from '../../../src/cli/dead-letters/export.ts';
import type { LetterQuery } from '../../../src/admin/letter-query.ts';
import { keptLetters } from '../../fakes/admin.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { lettersOf, rejected } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';

async function opened(t: ExecutionContext) {
  const fake = await keptLetters(t);
  const questions: string[] = [];
  async function ran(command: keyof typeof commands, query: LetterQuery, { json = false, answer = true } = {}) {
    let output = '';
    const write = async (text: string): Promise<void> => void (output += text);
    const confirm = async (question: string): Promise<boolean> => {
      questions.push(question);
      return answer;
    };
    const exitCode = await commands[command]({ administration: fake.administration, query, write, json, confirm });
    return { exitCode, output };
  }
  return { ...fake, ran, questions };
}

test('list shows the newest first, with a count of each kind', async (t) => {
  const { ran, spool, clock, idOf } = await opened(t);
  await clock.advance(61_000);
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'ahead\u001b[31m', raw: '{}' } });
  const { exitCode, output } = await ran('listLetters', {});
  const lines = output.split('\n');
  t.is(exitCode, 0);
  t.regex(lines[0] ?? '', /^ID +KIND +SINK +TIMES +LAST +REASON$/);
  t.regex(lines[1] ?? '', /^[0-9a-f]{20} +implausible-time +- +1 +2026-11-18T10:01:01Z +ahead\?\[31m$/);
  t.true(
    output.includes(`${idOf('Unknown metric')}  rejected          tsdb  1      2026-11-18T10:00:00Z  Unknown metric\n`),
  );
  t.regex(output, /\n5 dead letters: (2 implausible-time, 2 rejected|2 rejected, 2 implausible-time), 1 malformed\n$/);
});

test('list filters by reason and kind, and says when nothing matches', async (t) => {
  const { ran } = await opened(t);
  t.regex((await ran('listLetters', { reason: 'TAGS' })).output, /Too many tags\n1 dead letter: 1 rejected\n$/);
  t.deepEqual(await ran('listLetters', { kind: 'damaged' }), { exitCode: 0, output: 'no dead letters\n' });
  t.deepEqual(await ran('listLetters', { kind: 'damaged' }, { json: true }), { exitCode: 0, output: '' });
  const { output } = await ran('listLetters', { kind: 'malformed' }, { json: true });
  t.like(JSON.parse(output), {
    kind: 'malformed',
    reason: 'body: no push',
    from: '203.0.113.9',
    lastAt: '2026-11-18T10:00:00.000Z',
  });
});

test('list shows the newest thousand letters, and counts all of them', async (t) => {
  const { ran, spool, reader, clock } = await opened(t);
  await lettersOf(
    spool,
    reader,
    points(1, 9000),
    points(2500, 10_000).map((point) => rejected(point, 'old')),
  );
  await clock.advance(1000);
  await lettersOf(
    spool,
    reader,
    points(1, 9001),
    points(1000, 20_000).map((point) => rejected(point, 'new')),
  );
  const { output } = await ran('listLetters', {});
  t.is(output.match(/ {2}new$/gm)?.length, 1000);
  t.notRegex(output, / {2}old$/m);
  t.regex(output, /3504 dead letters: .*; the newest 1000 are shown, --json lists all of them\n$/);
});

test('show prints a whole letter, without control characters', async (t) => {
  const { ran, idOf, spool } = await opened(t);
  const { exitCode, output } = await ran('showLetter', { ids: [idOf('body: no push')] });
  t.is(exitCode, 0);
  t.is(
    output,
    [
      `Letter:  ${idOf('body: no push')}`,
      'Kind:    malformed',
      'Reason:  body: no push',
      'From:    203.0.113.9',
      'Times:   1',
      'First:   2026-11-18T10:00:00.000Z',
      'Last:    2026-11-18T10:00:00.000Z',
      'Input:',
      '',
      'garbage',
      '',
    ].join('\n'),
  );
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'r', raw: '{\n\u001b]0;x\u0007}' } });
  t.regex((await ran('showLetter', { ids: [idOf('r')] })).output, /\n\{\n\?\]0;x\?\}\n$/);
  t.like(JSON.parse((await ran('showLetter', { ids: [idOf('Unknown metric')] }, { json: true })).output), {
    sink: 'tsdb',
    raw: JSON.stringify(points(1)[0]),
  });
  t.deepEqual(await ran('showLetter', { ids: ['x\u001b'] }), {
    exitCode: 1,
    output: 'dead-letters: there is no letter x?\n',
  });
});

test('retry prints how many were requeued, and why others stay', async (t) => {
  const { ran, idOf, reader } = await opened(t);
  const { exitCode, output } = await ran('retryLetters', {});
  t.is(exitCode, 1);
  t.deepEqual(
    output.split('\n').toSorted(),
    [
      '',
      '  2: waits for tsdb again',
      '2 tried again, 2 stay',
      `${idOf('before 2010')} stays: what is implausible-time cannot be tried again`,
      `${idOf('body: no push')} stays: what is malformed cannot be tried again`,
    ].toSorted(),
  );
  t.is(reader.backlog().points, 2);
  t.deepEqual(await ran('retryLetters', { kind: 'rejected' }), { exitCode: 0, output: '0 tried again\n' });
});

test('drop asks for confirmation with the counts, and keeps the letters if it is denied', async (t) => {
  const { ran, questions, spool } = await opened(t);
  t.deepEqual(await ran('dropLetters', { kind: 'rejected' }, { answer: false }), {
    exitCode: 1,
    output: 'nothing was dropped\n',
  });
  t.deepEqual(questions, ['Drop 2 dead letters: 2 rejected, for good?']);
  t.is(spool.letters.count(), 4);
  t.deepEqual(await ran('dropLetters', { kind: 'rejected' }), { exitCode: 0, output: '2 dropped\n' });
  t.is(spool.letters.count(), 2);
});

test('drop does not ask if there are no letters, and reports an unknown id', async (t) => {
  const { ran, questions } = await opened(t);
  t.deepEqual(await ran('dropLetters', { kind: 'damaged' }), { exitCode: 0, output: '0 dropped\n' });
  t.deepEqual(await ran('dropLetters', { ids: ['x'] }), {
    exitCode: 1,
    output: 'x stays: there is no such letter\n0 dropped, 1 stays\n',
  });
  t.deepEqual(questions, []);
});

test('drop keeps a letter that arrives after the question', async (t) => {
  const { administration, spool, clock } = await keptLetters(t);
  const confirm = async (): Promise<boolean> => {
    await clock.advance(1000);
    await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'late', raw: '{"late":1}' } });
    return true;
  };
  await commands.dropLetters({ administration, query: {}, json: false, write: async () => {}, confirm });
  t.deepEqual(
    spool.letters.after(undefined).map(({ reason }) => reason),
    ['late'],
  );
});

test('export writes whole letters to a private file or to standard output, and its error names the file', async (t) => {
  const { administration } = await keptLetters(t);
  const file = join(await temporaryDirectory(t), 'letters.ndjson');
  await writeFile(file, 'an earlier one\n');
  let output = '';
  const write = async (text: string): Promise<void> => void (output += text);
  t.is(await exportLetters({ administration, query: {}, file, write }), 0);
  t.is(output, `4 dead letters written to ${file}\n`);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  t.is(lines.length, 4);
  t.true(lines.every((line) => 'raw' in (JSON.parse(line) as object)));
  t.is((await stat(file)).mode & 0o777, 0o600);
  output = '';
  await exportLetters({ administration, query: {}, file: '-', write });
  t.is(output, `${lines.join('\n')}\n`);
  const nowhere = exportLetters({ administration, query: {}, file: '/nowhere/letters', write });
  t.like(await t.throwsAsync(nowhere, { message: /ENOENT.*\/nowhere\/letters/ }), { exitCode: 74 });
});
