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
  ['every source file begins with a comment on its purpose', rules.beginsWithPurpose],
  ['no source file is longer than 250 lines', rules.fileSize],
  ['no source file has a generic name', rules.names],
  ['no source file has a default export or re-exports everything', rules.exportForms],
  ['time, randomness, environment and process are passed in', rules.ambient],
  ['no name contains a retired word', rules.retiredNames],
  ['each file is in a room, and imports only from rooms that its room may import', rules.arrowsOfImport],
  ['there are no import cycles, type imports included', rules.circles],
] as const) {
  test(title, (t) => t.deepEqual(rule(sources), []));
}

test('each room may import only rooms below it', (t) => {
  t.deepEqual(rules.orderOfRooms(), []);
});

const emitted = filesBelow('build/src', '.js');

test('no function is longer than 60 lines', (t) => {
  t.deepEqual(rules.functionSize(emitted), []);
});

/** Each of them takes its time; what is not needed before pushes are taken is imported on demand, or afterwards by daemon/warm-up.ts. */
test('the start of the bridge loads only the listed packages', (t) => {
  const ofRun = [
    'main.js',
    'cli/program.js',
    'cli/run.js',
    'daemon/listeners.js',
    'daemon/systemd-notify.js',
    'config/reload.js',
    'sinks/opentsdb/http/http-sink.js',
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

test('each rule detects a violation', (t) => {
  const broken = new Map([
    ['outlet/outlet.ts', "// Moves points.\nimport type { A } from './attempt.ts';\n"],
    [
      'outlet/attempt.ts',
      "// An attempt.\nimport { b } from './outlet.ts';\nexport default b;\nconst late = Date.now();\n",
    ],
    [
      'spool/log/scan.ts',
      "// Reads a segment.\nimport { apply } from '../state/state.ts';\nimport '../../model/point.ts';\n",
    ],
    ['http/http-helpers.ts', '// Helps.\n'],
    ['utils.ts', 'export const a = 1;\n'.repeat(251)],
    [
      'sources/catchpoint/push.ts',
      "// Takes pushes.\nimport { x } from '../../daemon/daemon.ts';\nimport '../backstop/routes.ts';\n",
    ],
    ['model/doors.ts', "// Waits.\nconst nextErrand = { 'told': 1 }; // the bell\n"],
  ]);
  t.deepEqual(rules.circles(broken), ['circle: outlet/outlet.ts → outlet/attempt.ts → outlet/outlet.ts']);
  t.deepEqual(rules.names(broken), [
    'http/http-helpers.ts: the name says nothing of what is in it',
    'utils.ts: the name says nothing of what is in it',
  ]);
  t.deepEqual(rules.retiredNames(broken), [
    'model/doors.ts: "doors" is retired',
    'model/doors.ts: "nextErrand" is retired',
  ]);
  t.deepEqual(rules.fileSize(broken), ['utils.ts: 251 lines (at most 250)']);
  t.deepEqual(rules.beginsWithPurpose(broken), ['utils.ts: does not begin with a comment that says what it is for']);
  t.deepEqual(rules.exportForms(broken), ['outlet/attempt.ts: has a default export or re-exports everything']);
  t.deepEqual(rules.ambient(broken), ['outlet/attempt.ts: uses Date.now( (only main.ts and runtime/clock.ts may)']);
  t.deepEqual(rules.arrowsOfImport(broken), [
    'spool/log/scan.ts: must not import spool/state/state.ts: the log knows nothing of what is stored in it',
    'utils.ts: there is no such room (test/house/rules.ts)',
    'sources/catchpoint/push.ts: must not import daemon/daemon.ts',
    'sources/catchpoint/push.ts: must not import sources/backstop/routes.ts: plugins do not know of each other',
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
