// The version of the API that the bridge and an engine agree on.

import test from 'ava';
import { EngineError } from '../../../../src/sources/docker/engine/engine.ts';
import { isAtLeast, negotiate } from '../../../../src/sources/docker/engine/versions.ts';

for (const [apiVersion, minApiVersion, agreed] of [
  ['1.41', '1.12', '1.41'],
  ['1.52', '1.44', '1.52'],
  ['1.60', '1.44', '1.52'],
  ['1.60', '1.52', '1.52'],
  ['1.17', undefined, '1.17'],
  ['1.9999', '1.24', '1.52'],
] as const) {
  test(`an engine of ${minApiVersion ?? 'any'} to ${apiVersion} is asked in ${agreed}`, (t) => {
    t.is(negotiate({ apiVersion, minApiVersion }), agreed);
  });
}

for (const [apiVersion, minApiVersion, message] of [
  ['1.16', undefined, 'the Docker Engine API 1.17 to 1.52 is supported, and the engine speaks 1.16 at most'],
  ['1.60', '1.53', 'the Docker Engine API 1.17 to 1.52 is supported, and the engine speaks 1.53 at least'],
  ['2.0', '2.0', 'the Docker Engine API 1.17 to 1.52 is supported, and the engine speaks 2.0 at least'],
  ['latest', '1.24', 'expected an API version such as 1.41, found "latest"'],
  ['1.41', '', 'expected an API version such as 1.41, found ""'],
] as const) {
  test(`an engine of ${minApiVersion ?? 'any'} to ${apiVersion} is refused`, (t) => {
    t.is(t.throws(() => negotiate({ apiVersion, minApiVersion }), { instanceOf: EngineError })?.message, message);
  });
}

test('versions compare by number, not by text', (t) => {
  t.true(isAtLeast('1.41', '1.9'));
  t.false(isAtLeast('1.9', '1.19'));
  t.true(isAtLeast('1.19', '1.19'));
});
