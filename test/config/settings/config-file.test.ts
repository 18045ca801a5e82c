// Configuration files are read with the line of each setting and each fault.

import test from 'ava';
import { nearest, readConfigFile } from '../../../src/config/settings/config-file.ts';

const names = ['listen', 'tsdb-host', 'tsdb-port', 'tsdb-header', 'slices', 'timings', 'key'];

function read(text: string): ReturnType<typeof readConfigFile> {
  return readConfigFile('bridge.yaml', text, names);
}

test('scalars keep their source text and their line', (t) => {
  const { entries, faults } = read(
    '# a comment\nlisten: 127.0.0.1:8080\ntsdb-port: 04242\n\ntimings: true\nkey: "007"\n',
  );
  t.deepEqual(faults, []);
  t.deepEqual(
    [...entries].map(([name, { line, texts }]) => [name, line, ...texts]),
    [
      ['listen', 2, '127.0.0.1:8080'],
      ['tsdb-port', 3, '04242'],
      ['timings', 5, 'true'],
      ['key', 6, '007'],
    ],
  );
});

test('lists and maps become texts and are marked as such', (t) => {
  const { entries, faults } = read(
    'slices: [node, asn]\ntsdb-host:\n  - a\n  - b:1\ntsdb-header:\n  - X-A: 1\n  - X-B: "b"\nlisten: { a: b }\n',
  );
  t.deepEqual(faults, []);
  t.deepEqual(entries.get('slices'), { texts: ['node', 'asn'], isList: true, isMap: false, isBoolean: false, line: 1 });
  t.deepEqual(entries.get('tsdb-host')?.texts, ['a', 'b:1']);
  t.deepEqual(entries.get('tsdb-header'), {
    texts: ['X-A: 1', 'X-B: b'],
    isList: true,
    isMap: true,
    isBoolean: false,
    line: 5,
  });
  t.deepEqual(entries.get('listen'), { texts: ['a: b'], isList: false, isMap: true, isBoolean: false, line: 8 });
});

test('JSON, aliases and empty files are read', (t) => {
  t.deepEqual(read('{\n  "slices": ["node"],\n  "key": "k"\n}').entries.get('key'), {
    texts: ['k'],
    isList: false,
    isMap: false,
    isBoolean: false,
    line: 3,
  });
  t.deepEqual(read('key: &k abc\nlisten: *k\n').entries.get('listen')?.texts, ['abc']);
  t.deepEqual(read('').faults, []);
  t.is(read('# nothing but a comment\n').entries.size, 0);
});

for (const [title, text, faults] of [
  [
    'an unknown setting',
    'listen: 1\ntsdbHost: x\n',
    ['bridge.yaml:2: tsdbHost: no such setting; did you mean tsdb-host?'],
  ],
  ['an unknown setting without a similar one', 'colour: red\n', ['bridge.yaml:1: colour: no such setting']],
  [
    'a second fault',
    'lisen: 1\nkeey: 2\n',
    [
      'bridge.yaml:1: lisen: no such setting; did you mean listen?',
      'bridge.yaml:2: keey: no such setting; did you mean key?',
    ],
  ],
  [
    'a missing value',
    'key:\nlisten: ~\n',
    ['bridge.yaml:1: key: expected a value, found nothing', 'bridge.yaml:2: listen: expected a value, found nothing'],
  ],
  ['an undefined alias', 'key: *secret\n', ['bridge.yaml:1: key: expected a value, found nothing']],
  [
    'a list in a list',
    'slices: [[node]]\n',
    ['bridge.yaml:1: slices: expected a value, found a list that holds a list'],
  ],
  [
    'null in a list',
    'slices: [node, null]\n',
    ['bridge.yaml:1: slices: expected a value, found a list that holds nothing'],
  ],
  [
    'a map of maps',
    'listen: { a: { b: c } }\n',
    ['bridge.yaml:1: listen: expected a value, found a map of more than names and texts'],
  ],
  [
    'a duplicate setting beside other faults',
    'key: a\n"key": b\nlisen: 1\n',
    [
      'bridge.yaml:2: key: expected it once, found it a second time',
      'bridge.yaml:3: lisen: no such setting; did you mean listen?',
    ],
  ],
  [
    'a duplicate key in a map',
    'tsdb-header: { A: 1, A: 2 }\n',
    ['bridge.yaml:1: A: expected it once, found it a second time'],
  ],
  [
    'a duplicate setting in JSON',
    '{\n  "key": "a",\n  "key": "b"\n}',
    ['bridge.yaml:3: key: expected it once, found it a second time'],
  ],
  ['a list as a key', '? [listen]\n: 1\n', ['bridge.yaml:1: expected the name of a setting, found a list']],
  [
    'a list that contains itself',
    'slices: &own [*own]\n',
    ['bridge.yaml:1: slices: expected a value, found a list that holds a list'],
  ],
  [
    'a second document',
    'listen: 1\n---\nkey: 2\n',
    ['bridge.yaml:2: expected one document, found another one behind ---'],
  ],
  ['a list as the document', '- listen\n', ['bridge.yaml:1: expected settings as "name: value", found a list']],
  [
    'a scalar as the document',
    'listen 8080\n',
    ['bridge.yaml:1: expected settings as "name: value", found a single value'],
  ],
  [
    'a syntax error',
    'listen: [1\nkey: 2\n',
    ['bridge.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
] as const) {
  test(`${title} is a fault with its line`, (t) => {
    t.deepEqual(read(text).faults.slice(0, 2), [...faults]);
  });
}

test('CRLF and a byte order mark do not shift lines', (t) => {
  t.deepEqual(read('\uFEFFlisten: 1\r\n\r\nkeey: 2\r\n').faults, [
    'bridge.yaml:3: keey: no such setting; did you mean key?',
  ]);
});

test('the nearest name is found whatever the case and separators, if one is near', (t) => {
  t.is(nearest('TSDB_HOST', names), 'tsdb-host');
  t.is(nearest('tsdbport', names), 'tsdb-port');
  t.is(nearest('prefix', names), undefined);
});
