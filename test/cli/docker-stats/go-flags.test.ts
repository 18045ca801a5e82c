// Flags in Go's syntax become flags of this program.

import test from 'ava';
import { fromGoFlags } from '../../../src/cli/docker-stats/go-flags.ts';
import { WrongConfiguration } from '../../../src/config/config.ts';
import { goFlags } from '../../../src/cli/docker-stats/options.ts';

const rewritten = (line: readonly string[]): string[] => fromGoFlags(['docker-stats', ...line], goFlags).slice(1);

test('one dash and two are the same, and a value may follow = or stand alone', (t) => {
  t.deepEqual(rewritten(['-backstop=http://h/publish/a?b=c', '-poll', '5m', '--rules', '[]', '--docker=unix:///x']), [
    '--backstop=http://h/publish/a?b=c',
    '--poll=5m',
    '--rules=[]',
    '--docker=unix:///x',
  ]);
});

test('a value may be empty, begin with a dash, or be the name of a flag', (t) => {
  t.deepEqual(rewritten(['-rules=', '-poll', '-5m', '-prefix', '-verbose', '-rules', '']), [
    '--rules=',
    '--poll=-5m',
    '--prefix=-verbose',
    '--rules=',
  ]);
});

test("a switch takes the words of Go's ParseBool after =, and no next word", (t) => {
  t.deepEqual(rewritten(['-verbose']), ['--verbose']);
  for (const word of ['true', 'TRUE', 'True', 't', 'T', '1'])
    t.deepEqual(rewritten([`-verbose=${word}`]), ['--verbose'], word);
  for (const word of ['false', 'FALSE', 'False', 'f', 'F', '0'])
    t.deepEqual(rewritten([`--verbose=${word}`, '-poll', '1m']), ['--poll=1m'], word);
  t.deepEqual(rewritten(['-verbose', 'false']), ['--verbose', 'false']);
});

test('a switch with another word is wrong usage', (t) => {
  for (const word of ['yes', '', 'TrUe']) {
    const error = t.throws(() => rewritten([`-verbose=${word}`]), { instanceOf: WrongConfiguration });
    t.is(error?.message, `--verbose: expected true or false, found ${JSON.stringify(word)}`);
    t.is(error?.exitCode, 64);
  }
});

test('help has one dash or two', (t) => {
  t.deepEqual([rewritten(['-help']), rewritten(['--help']), rewritten(['-h'])], [['--help'], ['--help'], ['-h']]);
});

test('unknown flags, a missing value, and what follows -- or a word stay as they are', (t) => {
  t.deepEqual(rewritten(['-nonsense', '--of-no-kind=1']), ['-nonsense', '--of-no-kind=1']);
  t.deepEqual(rewritten(['-poll']), ['--poll']);
  t.deepEqual(rewritten(['--', '-poll', '5m']), ['--', '-poll', '5m']);
  t.deepEqual(rewritten(['word', '-poll', '5m']), ['word', '-poll', '5m']);
});
