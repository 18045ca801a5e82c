// Holds the house rules over src/, and shows that each of them can be broken.

import test from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as rules from './rules.ts';

const root = new URL('../../../', import.meta.url).pathname;

function filesBelow(folder: string, ending: string): Map<string, string> {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const wanted = paths.filter((path) => path.endsWith(ending) && !path.endsWith('.d.ts'));
  return new Map(wanted.map((path) => [path, readFileSync(join(root, folder, path), 'utf8')]));
}

const sources = filesBelow('src', '.ts');

for (const [title, rule] of [
  ['every source file begins by saying what it is for', rules.beginsWithPurpose],
  ['no source file is longer than 250 lines', rules.fileSize],
  ['no source file has a name that says nothing', rules.names],
  ['nothing is exported by default or wholesale', rules.exportForms],
  ['time, randomness, environment and process are passed in', rules.ambient],
  ['imports go one way', rules.arrowsOfImport],
  ['no imports run in a circle, types included', rules.circles],
] as const) {
  test(title, (t) => t.deepEqual(rule(sources), []));
}

const emitted = filesBelow('build/src', '.js');

test('no function is longer than 60 lines', (t) => {
  t.deepEqual(rules.functionSize(emitted), []);
});

/** Each of them takes its time; what is not needed before pushes are taken is imported on demand, or after that by soon-needed.ts. */
test('the start of the bridge waits for these packages alone', (t) => {
  const ofRun = [
    'main.js',
    'program.js',
    'commands/run.js',
    'doors.js',
    'notify-socket.js',
    'reload.js',
    'sinks/opentsdb/http.js',
  ];
  t.deepEqual(rules.packagesOf(emitted, ofRun), [
    '@koa/router',
    'commander',
    'fastest-levenshtein',
    'koa',
    'pino',
    'write-file-atomic',
  ]);
});

test('the rules see what breaks them', (t) => {
  const broken = new Map([
    ['outlet.ts', "// Moves points.\nimport type { A } from './sink.ts';\n"],
    ['sink.ts', "// Takes points.\nimport { b } from './outlet.ts';\nexport default b;\nconst late = Date.now();\n"],
    ['http-helpers.ts', '// Helps.\n'],
    ['utils.ts', 'export const a = 1;\n'.repeat(251)],
    ['sources/catchpoint/push.ts', "// Takes pushes.\nimport { x } from '../../daemon.ts';\n"],
  ]);
  t.deepEqual(rules.circles(broken), ['circle: outlet.ts → sink.ts → outlet.ts']);
  t.deepEqual(rules.names(broken), [
    'http-helpers.ts: the name says nothing of what is in it',
    'utils.ts: the name says nothing of what is in it',
  ]);
  t.deepEqual(rules.fileSize(broken), ['utils.ts: 251 lines (at most 250)']);
  t.deepEqual(rules.beginsWithPurpose(broken), ['utils.ts: does not begin with a comment that says what it is for']);
  t.deepEqual(rules.exportForms(broken), ['sink.ts: has a default export or re-exports everything']);
  t.deepEqual(rules.ambient(broken), ['sink.ts: uses Date.now( (only main.ts and clock.ts may)']);
  t.deepEqual(rules.arrowsOfImport(broken), [
    'sink.ts: must not import outlet.ts',
    'http-helpers.ts: no arrow of import is set down for it (test/house/rules.ts)',
    'utils.ts: no arrow of import is set down for it (test/house/rules.ts)',
    'sources/catchpoint/push.ts: must not import daemon.ts',
  ]);
  const late = new Map([
    ['run.js', "import './a.js';\nimport 'node:fs';\nawait import('got');\n"],
    ['a.js', "export { b } from './b/b.js';\n"],
    ['b/b.js', "import '../run.js';\nimport Koa from 'koa';\n"],
  ]);
  t.deepEqual(rules.packagesOf(late, ['run.js']), ['koa']);
  const long = new Map([['outlet.js', `function run() {\n${'  step();\n'.repeat(60)}}\n`]]);
  t.deepEqual(rules.functionSize(long), ['outlet.js:1: a function of 62 lines (at most 60)']);
});
