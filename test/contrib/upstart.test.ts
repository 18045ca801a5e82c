// The Upstart job, checked against a grammar of init(5) and with `sh -n`, without an Upstart.

import test from 'ava';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { environmentNameOf } from '../../src/config/settings/names.ts';
import { settingEntries } from '../../src/config/settings/settings.ts';

const job = readFileSync(new URL('../../../upstart/catchpoint-opentsdb-bridge.conf', import.meta.url), 'utf8');

interface Stanza {
  readonly name: string;
  readonly text: string;
}

interface Job {
  readonly stanzas: readonly Stanza[];
  /** By process, such as `pre-start`. */
  readonly scripts: ReadonlyMap<string, string>;
  /** Invalid lines. */
  readonly faults: readonly string[];
}

const process = '(?:pre-start|post-start|pre-stop|post-stop)';
const event = '\\S.*';
const number = '(?:\\d+|unlimited)';

/** The syntax of each stanza in use. */
const grammar: Readonly<Record<string, RegExp>> = {
  description: /^description "[^"]*"$/,
  start: new RegExp(`^start on ${event}$`),
  stop: new RegExp(`^stop on ${event}$`),
  env: /^env [A-Z_][A-Z0-9_]*=(?:[^\s"]*|"[^"]*")$/,
  setuid: /^setuid [a-z_][a-z0-9_-]*$/,
  umask: /^umask 0?[0-7]{3}$/,
  limit: new RegExp(`^limit (?:nofile|nproc|core) ${number} ${number}$`),
  console: /^console (?:log|none|output|owner)$/,
  respawn: new RegExp(`^respawn(?: limit ${number} \\d+)?$`),
  normal: /^normal exit(?: (?:\d+|[A-Z]+))+$/,
  kill: /^kill (?:timeout \d+|signal [A-Z]+)$/,
  exec: /^exec \S.*$/,
  script: /^script$/,
  process: new RegExp(`^${process} (?:exec \\S.*|script)$`),
};

function parsed(text: string): Job {
  const stanzas: Stanza[] = [];
  const scripts = new Map<string, string>();
  const faults: string[] = [];
  const lines = text.split('\n').map((line) => line.trimEnd());
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [word = ''] = line.split(' ');
    const name = new RegExp(`^${process}$`).test(word) ? 'process' : word;
    if (grammar[name]?.test(line) !== true) faults.push(`${at + 1}: ${line}`);
    stanzas.push({ name: name === 'process' ? word : name, text: line });
    if (!/(^| )script$/.test(line)) continue;
    const end = lines.indexOf('end script', at);
    if (end < 0) return { stanzas, scripts, faults: [...faults, `${at + 1}: no "end script"`] };
    scripts.set(word, lines.slice(at + 1, end).join('\n'));
    at = end;
  }
  return { stanzas, scripts, faults };
}

function numberIn(pattern: RegExp): number {
  return Number(pattern.exec(job)?.[1]);
}

test('every line is a stanza of Upstart', (t) => {
  const { stanzas, faults } = parsed(job);
  t.deepEqual(faults, []);
  const names = stanzas.map(({ name }) => name);
  for (const name of [
    'description',
    'start',
    'stop',
    'env',
    'setuid',
    'limit',
    'console',
    'respawn',
    'kill',
    'pre-start',
    'exec',
  ])
    t.true(names.includes(name), name);
  t.is(names.filter((name) => name === 'exec' || name === 'script').length, 1);
});

test('the grammar detects errors', (t) => {
  const { faults } = parsed('respwan\nenv A B\nkill timeout soon\npre-start script\n  true\n');
  t.deepEqual(faults, ['1: respwan', '2: env A B', '3: kill timeout soon', '4: no "end script"']);
});

test('the job starts and stops with the standard runlevels', (t) => {
  const texts = parsed(job).stanzas.map(({ text }) => text);
  t.true(texts.includes('start on runlevel [2345]') && texts.includes('stop on runlevel [!2345]'));
});

test('every variable, in use or as a sample, is a setting and not a secret', (t) => {
  const known = settingEntries.map(([key]) => environmentNameOf(key));
  const secrets = settingEntries.filter(([, { isSecret }]) => isSecret === true).map(([key]) => environmentNameOf(key));
  const named = [...job.matchAll(/^#?env ([^=]+)=/gm)].map(([, name]) => name ?? '');
  t.true(named.length > 10);
  t.deepEqual(
    named.filter((name) => !known.includes(name) || secrets.includes(name)),
    [],
  );
});

test('the sample values are valid', (t) => {
  for (const [, name, text = ''] of job.matchAll(/^#?env ([^=]+)=(.*)$/gm)) {
    const [, setting] = settingEntries.find(([key]) => environmentNameOf(key) === name) ?? [];
    t.notThrows(() => setting?.read(setting.kind === 'list' ? text.split(',') : [text]), name);
  }
});

test('the stop timeout exceeds 15 s for pushes in flight and 10 s for the backlog', (t) => {
  t.true(numberIn(/^kill timeout (\d+)$/m) > 25);
});

test('wrong usage and configuration do not restart the bridge', (t) => {
  t.regex(job, /^normal exit 0 64 78$/m);
});

test('the scripts are valid shell, and the state directory is private', (t) => {
  const { scripts } = parsed(job);
  t.deepEqual([...scripts.keys()], ['pre-start']);
  for (const script of scripts.values()) t.notThrows(() => execFileSync('sh', ['-n', '-c', script], { stdio: 'pipe' }));
  t.throws(() => execFileSync('sh', ['-n', '-c', 'if true; then'], { stdio: 'pipe' }));
  t.regex(scripts.get('pre-start') ?? '', /mkdir -p -m 0700 .*\n.*\n.*chmod 0700 /);
});
