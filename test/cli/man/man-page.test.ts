// The manual page: valid roff, complete, and part of the package.

import test from 'ava';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { environmentNameOf, flagOf } from '../../../src/config/settings/names.ts';
import { settingEntries } from '../../../src/config/settings/settings.ts';
import { derivedFiles, manual } from '../../house/derived-files.ts';

/** The page as plain text. Throws the warnings of groff. */
async function rendered(): Promise<string> {
  const { stdout, stderr, error } = spawnSync('groff', ['-ww', '-man', '-Tutf8', '-P-c', '-P-b', '-P-o', '-P-u'], {
    input: await manual('1.2.3'),
    encoding: 'utf8',
  });
  if (error !== undefined)
    throw new Error(`the test of the manual page needs groff (Debian: groff-base): ${error.message}`);
  if (stderr !== '') throw new Error(stderr);
  return stdout;
}

test('groff renders the page without a warning', async (t) => {
  const text = await rendered();
  t.regex(text, /catchpoint-opentsdb-bridge 1\.2\.3/);
  for (const heading of ['NAME', 'SYNOPSIS', 'COMMANDS', 'SETTINGS', 'SIGNALS', 'EXIT STATUS', 'FILES'])
    t.regex(text, new RegExp(`^${heading}$`, 'm'));
});

test('the page names every setting and every visible command', async (t) => {
  const text = (await rendered()).replace(/‐\s+/g, '').replace(/\s+/g, ' ');
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
  t.false(text.includes('former-store'), 'hidden commands are left out');
});

test('no text is interpreted as a roff request', async (t) => {
  const requests = (await manual('1.2.3'))
    .split('\n')
    .filter((line) => /^[.']/.test(line))
    .map((line) => line.split(' ')[0] ?? '');
  t.is([...new Set(requests)].toSorted().join(' '), '.B .PP .RE .RS .SH .SS .TH .TP .\\" .br');
});

test('the derived files are up to date', async (t) => {
  for (const { path, found, wanted } of await derivedFiles())
    t.is(found, wanted, `${path}: npm run derived writes it anew`);
});

test('the package has the manual page and the schema', (t) => {
  const { man } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
    man: readonly string[];
  };
  const root = new URL('../../../../', import.meta.url).pathname;
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ files: { path: string }[] }];
  const packed = files.map(({ path }) => path);
  t.true(Array.isArray(man) && man.length === 1, 'npm links manual pages from a list alone');
  for (const path of [...man, 'contrib/schema/configuration.schema.json', 'build/src/main.js'])
    t.true(packed.includes(path), path);
});
