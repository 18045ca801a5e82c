// Tokens in requests and in files, and their comparison.

import test from 'ava';
import { rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf, isAmong } from '../../../src/auth/tokens/token-hashes.ts';
import { tokensOfRequest } from '../../../src/auth/tokens/request-tokens.ts';
import { openTokenFiles } from '../../../src/auth/tokens/token-files.ts';
import { tokensOfFile, tokenText } from '../../../src/auth/tokens/token-syntax.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';

const a = 'a'.repeat(20);
const b = 'b'.repeat(20);

function tokensOf(url: string, headers: Record<string, string> = {}): string[] {
  const { pathname, search } = new URL(url, 'http://x');
  return tokensOfRequest({ headers, path: pathname, querystring: search.slice(1) });
}

const basic = (pair: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
});

test('a request has tokens in a header, in basic auth, in the path or in the query', (t) => {
  t.deepEqual(tokensOf('/', { authorization: `Bearer ${a}` }), [a]);
  t.deepEqual(tokensOf('/', { authorization: `bearer  ${a} ` }), [a]);
  t.deepEqual(tokensOf('/', { 'x-catchpoint-token': a }), [a]);
  t.deepEqual(tokensOf('/', basic(`catchpoint:${a}`)), [a]);
  t.deepEqual(tokensOf('/', basic(`${a}:`)), [a], 'the user, without a password');
  t.deepEqual(tokensOf('/', basic(`catchpoint:${a}:${b}`)), [`${a}:${b}`], 'a password with a colon');
  t.deepEqual(tokensOf(`/catchpoint/${a}`), [a]);
  t.deepEqual(tokensOf(`/catchpoint/${a}/more`), [a]);
  t.deepEqual(tokensOf('/catchpoint/a%2Fb'), ['a/b']);
  t.deepEqual(tokensOf(`/?token=${a}`), [a]);
  t.deepEqual(tokensOf(`/catchpoint?x=1&token=${a}&token=${b}`), [a, b]);
  t.deepEqual(tokensOf(`/catchpoint/${a}`, { authorization: `Bearer ${b}` }), [b, a], 'headers first');
});

test('empty, oversized and malformed tokens are ignored', (t) => {
  for (const url of [
    '/',
    '/catchpoint',
    '/catchpoint/',
    '/?token=',
    '/catchpoint/%ff',
    `/catchpoint/${'x'.repeat(513)}`,
    `/elsewhere/${a}`,
  ])
    t.deepEqual(tokensOf(url), [], url);
  for (const authorization of [
    '',
    'Bearer',
    'Digest x',
    'Basic',
    'Basic !!!!',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
  ]) {
    t.deepEqual(tokensOf('/', { authorization }), [], authorization);
  }
});

test('hashes are compared in full', (t) => {
  const known = [hashOf(a), hashOf(b)];
  t.true(isAmong(hashOf(a), known));
  t.true(isAmong(hashOf(b), known));
  t.false(isAmong(hashOf(`${a} `), known));
  t.false(isAmong(hashOf(a), []));
});

test('a token that is too short or has other characters is refused without being quoted', (t) => {
  t.is(tokenText(` ${a}\n`), a);
  for (const text of ['', 'short', `${a} ${b}`, `${a},${b}`, `${a}é`, 'x'.repeat(513)]) {
    const { message } = t.throws(() => tokenText(text));
    t.regex(message, /^expected a token of 16 to 512 characters/);
    if (text !== '') t.false(message.includes(text));
  }
});

test('a file has a token a line; comments and blank lines are ignored', (t) => {
  t.deepEqual(tokensOfFile(`# Catchpoint\n${a}\r\n\n  ${b}  \n`), [a, b]);
  t.throws(() => tokensOfFile('# nothing\n\n'), { message: 'expected a token a line, found none' });
  t.throws(() => tokensOfFile(`${a}\nsecret\n`), { message: /^line 2: .* found 6$/ });
});

test('a changed file is read once it is stable; a broken one keeps the last good tokens', async (t) => {
  const path = join(await temporaryDirectory(t), 'tokens');
  await writeFile(path, `${a}\n`);
  const files = await openTokenFiles([path], silentLog());
  const knows = (token: string): boolean => isAmong(hashOf(token), files.digests());
  t.true(knows(a));
  await files.poll();
  t.is(files.counts.reloads, 0);

  await writeFile(`${path}.new`, `${b}\n`);
  await rename(`${path}.new`, path);
  await files.poll();
  t.true(knows(a), 'it may be half written');
  await files.poll();
  t.deepEqual([knows(a), knows(b)], [false, true]);

  await writeFile(path, 'half\n');
  await files.poll();
  await files.poll();
  await files.poll();
  t.deepEqual([knows(b), files.counts.failures], [true, 1], 'a broken file is read once');

  await rename(path, `${path}.away`);
  await files.poll();
  await files.poll();
  t.deepEqual([knows(b), files.counts.failures], [true, 2]);

  await writeFile(path, `${a}\n${b}\n`);
  await files.poll();
  await files.poll();
  t.deepEqual([knows(a), knows(b), files.counts.reloads], [true, true, 2]);
});

test('a replaced file with the same size and time is read as changed', async (t) => {
  const path = join(await temporaryDirectory(t), 'tokens');
  await writeFile(path, `${a}\n`);
  const files = await openTokenFiles([path], silentLog());
  const { atime, mtime } = await stat(path);
  await writeFile(`${path}.new`, `${b}\n`);
  await utimes(`${path}.new`, atime, mtime);
  await rename(`${path}.new`, path);
  await files.poll();
  await files.poll();
  t.true(isAmong(hashOf(b), files.digests()));
});

test('the error for an invalid token file at start names the file', async (t) => {
  const path = join(await temporaryDirectory(t), 'tokens');
  await t.throwsAsync(openTokenFiles([path], silentLog()), {
    message: new RegExp(`^push-token-file: ${path}: ENOENT`),
  });
  await writeFile(path, 'short\n');
  const error = await t.throwsAsync(openTokenFiles([path], silentLog()), {
    message: new RegExp(`^push-token-file: ${path}: line 1: expected a token`),
  });
  t.is((error as Error & { exitCode?: number }).exitCode, 78);
});
