// README.md and docs/: links lead somewhere, what is quoted is what the program says, and the first minute runs as written.

import test from 'ava';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bridge, untilStatus } from '../e2e/program.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { anchorsOf, brokenLinks, unreachedPages } from './links.ts';

const root = new URL('../../../', import.meta.url).pathname;

function textsBelow(folder: string, wanted: RegExp): [path: string, text: string][] {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
    join(folder, path),
  );
  return paths.filter((path) => wanted.test(path)).map((path) => [path, readFileSync(join(root, path), 'utf8')]);
}

const top = readdirSync(root).filter((name) => name.endsWith('.md'));
const docs = textsBelow('docs', /\.md$/);
const pages = new Map([
  ...top.map((path) => [path, readFileSync(join(root, path), 'utf8')] as const),
  ...docs,
  ...textsBelow('src', /\.md$/),
  ...textsBelow('test', /\.md$/),
  ...textsBelow('contrib', /\.md$/),
]);
const sources = textsBelow('src', /\.ts$/);
const pageOf = (path: string): string => pages.get(path) ?? '';

test('every relative link and anchor has a target', (t) => {
  t.deepEqual(
    brokenLinks(pages, (path) => existsSync(join(root, path))),
    [],
  );
});

test('a link or an anchor without a target is detected', (t) => {
  const found = brokenLinks(
    new Map([
      [
        'README.md',
        '[a](docs/a.md#two-words) [b](docs/b.md) [c](docs/a.md#three) ![d](d.png) [e](https://e.example/) `[f](f.md)`\n```\n[g](g.md)\n```\n',
      ],
      ['docs/a.md', '# A\n\n## Two words\n\n[up](../README.md) [out](../../out.md) [here](#a) [nowhere](#b)\n'],
    ]),
    (path) => path === 'README.md' || path === 'docs/a.md',
  );
  t.deepEqual(found, [
    'README.md: docs/b.md: there is no docs/b.md',
    'README.md: docs/a.md#three: no heading of docs/a.md has this anchor',
    'README.md: d.png: there is no d.png',
    'docs/a.md: ../../out.md: there is no ../out.md',
    'docs/a.md: #b: no heading of docs/a.md has this anchor',
  ]);
  t.deepEqual(anchorsOf("# The sender's `-f`, twice\n## x\n## x\n```sh\n# no heading\n```\n"), [
    'the-senders--f-twice',
    'x',
    'x-1',
  ]);
});

test('the package contains every file that README.md and docs/ link to', (t) => {
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly files: readonly string[];
  };
  const packed = [...files, 'README.md', 'LICENSE', 'package.json'];
  const isPacked = (path: string): boolean => packed.some((each) => path === each || path.startsWith(`${each}/`));
  const broken = brokenLinks(pages, isPacked).filter((line) => /^(README\.md|docs\/)/.test(line));
  t.deepEqual(broken, []);
});

test('the index of docs/ links to every page', (t) => {
  t.deepEqual(unreachedPages(new Map(docs), 'docs/README.md'), []);
  t.deepEqual(
    unreachedPages(
      new Map([
        ['a.md', '[b](b.md#c)'],
        ['b.md', ''],
        ['d.md', ''],
      ]),
      'a.md',
    ),
    ['d.md'],
  );
});

test('every page of docs/ that a source, a unit or a script names exists', (t) => {
  const others = [
    ...sources,
    ...textsBelow('contrib', /\.(mjs|conf|service|yml|yaml|1)$/),
    ...textsBelow('upstart', /\.conf$/),
  ];
  for (const [path, text] of others) {
    for (const [page] of text.matchAll(/\bdocs\/[\w-]+\.md\b/g))
      t.true(existsSync(join(root, page)), `${path}: ${page}`);
  }
});

test('README.md is short', (t) => {
  t.true(pageOf('README.md').split('\n').length <= 170);
});

/** What stands in code in the first column of a page's tables. */
function quotedIn(page: string): string[] {
  const firstCells = [...page.matchAll(/^\| (.*?) \| /gm)].map((match) => match[1] as string);
  return firstCells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string));
}

test('operations and troubleshooting quote only messages that the program prints', (t) => {
  const said = sources.map(([, text]) => text.replaceAll("\\'", "'")).join('\n');
  const messages = [...quotedIn(pageOf('docs/operations.md')), ...quotedIn(pageOf('docs/troubleshooting.md'))].filter(
    (text) => text.includes(' '),
  );
  const others = ['tsc: not found', 'npm install --global .'];
  t.true(messages.length > 20);
  for (const message of messages.filter((text) => !others.includes(text)))
    t.true(said.includes(message.replace(/ grows$/, '')), message);
});

test('operations has instructions for every alert', (t) => {
  const rules = readFileSync(join(root, 'contrib/prometheus/catchpoint-bridge.rules.yml'), 'utf8');
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map((match) => match[1] as string);
  const named = quotedIn(pageOf('docs/operations.md')).filter((text) => text.startsWith('CatchpointBridge'));
  t.deepEqual(named.toSorted(), alerts.toSorted());
});

const minute = process.env['BRIDGE_E2E'] === 'off' ? test.skip : test;

minute("the minute's start of README.md ends with the points that it shows", async (t) => {
  const [, start = ''] = /<!-- start -->\n([\s\S]*?)<!-- \/start -->/.exec(pageOf('README.md')) ?? [];
  const [setUp = '', push = '', shown = ''] = [...start.matchAll(/```(?:sh)?\n([\s\S]*?)```/g)].map(
    (match) => match[1] as string,
  );
  const directory = await temporaryDirectory(t);
  const [, nodes = ''] = /^echo '(.*)' > nodes\.json$/m.exec(setUp) ?? [];
  await writeFile(join(directory, 'nodes.json'), nodes);
  const shell = (script: string): string => execFileSync('sh', ['-ec', script], { encoding: 'utf8', cwd: directory });
  const [, flags = ''] = /^node build\/src\/main\.js (.*)$/m.exec(setUp) ?? [];
  const args = flags.split(' ').map((word) => (word.startsWith('--') ? word : join(directory, word)));
  const running = await bridge(t, args);
  const [pushing = '', look = ''] = push.split(/(?=^cat )/m);
  const body = shell(pushing.replace('curl -i http://127.0.0.1:8080/ -d @-', 'cat'));
  t.is(await running.push(body), 200);
  await untilStatus(running, ({ sinks }) => sinks[0]?.accepted === 14);
  const lines = shell(look).trim().split('\n');
  t.is(lines.length, 14);
  const timeless = (line: string): string => line.replace(/ \d{10} /, ' TIME ');
  const wanted = shown
    .trim()
    .split('\n')
    .filter((line) => line !== '…');
  t.deepEqual(lines.slice(0, wanted.length).map(timeless), wanted.map(timeless));
});
