// The manual page is roff that groff takes without a warning, names every setting and command, and comes with the package.

import test from 'ava';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { environmentNameOf, flagOf } from '../../src/config/settings/names.ts';
import { settingEntries } from '../../src/config/settings/settings.ts';
import { derivedFiles, manual } from '../house/derived-files.ts';

/** The page as a reader sees it, without the steering of the terminal. */
async function shown(): Promise<string> {
  const { stdout, stderr, error } = spawnSync('groff', ['-ww', '-man', '-Tutf8', '-P-c', '-P-b', '-P-o', '-P-u'], {
    input: await manual('1.2.3'),
    encoding: 'utf8',
  });
  if (error !== undefined)
    throw new Error(`the test of the manual page needs groff (Debian: groff-base): ${error.message}`);
  if (stderr !== '') throw new Error(stderr);
  return stdout;
}

test('groff takes it without a warning', async (t) => {
  const text = await shown();
  t.regex(text, /catchpoint-opentsdb-bridge 1\.2\.3/);
  for (const heading of ['NAME', 'SYNOPSIS', 'COMMANDS', 'SETTINGS', 'SIGNALS', 'EXIT STATUS', 'FILES'])
    t.regex(text, new RegExp(`^${heading}$`, 'm'));
});

test('it names every setting with its flag, its help and its variable', async (t) => {
  const text = (await shown()).replace(/‐\s+/g, '').replace(/\s+/g, ' ');
  for (const [key, setting] of settingEntries) {
    t.true(text.includes(` ${flagOf(key, setting)} `), key);
    t.true(text.includes(environmentNameOf(key)), key);
  }
  t.true(text.includes('Default: 127.0.0.1:8081.'));
  for (const command of [
    'check',
    'doctor',
    'config init [PATH]',
    'nodes show ID',
    'dead-letters retry [ID...]',
    'spool drop',
    'demo',
  ])
    t.true(text.includes(` ${command} `), command);
  t.false(text.includes('spool-work'), 'what is hidden from the help is hidden here');
});

test('no line is taken for a request that is none', async (t) => {
  const requests = (await manual('1.2.3'))
    .split('\n')
    .filter((line) => /^[.']/.test(line))
    .map((line) => line.split(' ')[0]);
  t.deepEqual(
    [...new Set(requests)].toSorted(),
    ['.B', '.PP', '.RE', '.RS', '.SH', '.SS', '.TH', '.TP', '.\\"', '.br'].toSorted(),
  );
});

test('the files made of settings and command line are those of this program', async (t) => {
  for (const { path, found, wanted } of await derivedFiles())
    t.is(found, wanted, `${path}: npm run derived writes it anew`);
});

test('the package holds the manual page and the schema', (t) => {
  const { man } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    man: readonly string[];
  };
  const root = new URL('../../../', import.meta.url).pathname;
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ files: { path: string }[] }];
  const packed = files.map(({ path }) => path);
  t.true(Array.isArray(man) && man.length === 1, 'npm links none but those of a list');
  for (const path of [...man, 'contrib/schema/configuration.schema.json', 'build/src/main.js'])
    t.true(packed.includes(path), path);
});
