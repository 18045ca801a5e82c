// The confirmation asks on a terminal, and refuses where there is none.

import test from 'ava';
import { PassThrough } from 'node:stream';
import { confirmation } from '../../src/cli/confirmation.ts';
import { capturedOutput } from './context.ts';

const never = new AbortController().signal;
const terminal = (): PassThrough => Object.assign(new PassThrough(), { isTTY: true });

test('only y and yes confirm', async (t) => {
  const answer = (text: string): Promise<boolean> =>
    confirmation({ stdin: () => terminal().end(text), stderr: capturedOutput(), stop: never }, false)('Drop it?');
  for (const text of ['y\n', 'yes\n', ' Y \n', 'YES\n']) t.true(await answer(text), text);
  for (const text of ['\n', 'n\n', 'yess\n', 'drop\n']) t.false(await answer(text), text);
});

test('the question is on stderr, and Ctrl-C is a no', async (t) => {
  const [stderr, stop] = [capturedOutput(), new AbortController()];
  const answer = confirmation({ stdin: terminal, stderr, stop: stop.signal }, false)('Drop it?');
  stop.abort();
  t.false(await answer);
  t.regex(stderr.text(), /Drop it\? \[y\/N\] /);
});

test('--yes confirms without a question', async (t) => {
  t.true(await confirmation({ stdin: () => t.fail(), stderr: capturedOutput(), stop: never }, true)('Drop it?'));
});

test('confirmation without a terminal and without --yes is an error', async (t) => {
  const confirm = confirmation({ stdin: () => new PassThrough(), stderr: capturedOutput(), stop: never }, false);
  const refused = await t.throwsAsync(confirm('Drop it?'), {
    message: '"Drop it?" wants a yes, and there is no terminal to ask on; --yes says it',
  });
  t.like(refused, { exitCode: 64 });
});
