// How rules are read, and their bounds.

import test from 'ava';
import fc from 'fast-check';
import { applyRules, parseRules, prefixRule } from '../../../../src/sources/docker/naming/rules.ts';

const form = '{"regexp": …, "into": …, "category": …}';

for (const text of [undefined, '', '  ', '[]', 'null', ' [ ] ']) {
  test(`${JSON.stringify(text) ?? 'nothing'} is no rules`, (t) => {
    t.deepEqual(parseRules(text), { rules: [] });
    if (text?.includes('[') !== true) t.deepEqual(prefixRule(text), { rules: [] });
  });
}

const read: readonly (readonly [title: string, text: string, regexp: string, into: string, category: string])[] = [
  ['keys in any case', '[{"Regexp":"a","INTO":"b","cateGory":"c"}]', 'a', 'b', 'c'],
  ['the last of equal keys', '[{"regexp":"a","Regexp":"b","into":"x","into":"y"}]', 'b', 'y', ''],
  ['unknown keys as nothing', '[{"regexp":"a","comment":[1,{"x":2}],"id":5}]', 'a', '', ''],
  ['null as nothing', '[{"regexp":"a","into":null,"category":null}]', 'a', '', ''],
  ['a null rule as one that matches everything and changes nothing', '[null]', '', '', ''],
];

for (const [title, text, regexp, into, category] of read) {
  test(`rules read ${title}, as Go does`, (t) => {
    t.deepEqual(
      parseRules(text).rules.map((rule) => [rule.regexp, rule.into, rule.category]),
      [[regexp, into, category]],
    );
  });
}

const faults: readonly (readonly [text: string, message: string | RegExp])[] = [
  ['{"regexp":"a"}', `expected a JSON array of ${form}, found an object`],
  ['"a"', `expected a JSON array of ${form}, found "a"`],
  ['5', `expected a JSON array of ${form}, found 5`],
  ['[{"regexp":"a"}', /^expected a JSON array of .*, found "\[\{\\"regexp\\":\\"a\\"\}" \(.*JSON/],
  ['[{"regexp":"a"},["b"]]', `rule 2: expected an object ${form}, found an array`],
  ['["a"]', `rule 1: expected an object ${form}, found "a"`],
  ['[{"regexp":5}]', 'rule 1: regexp: expected a text, found 5'],
  ['[{"regexp":"a","into":["b"]}]', 'rule 1: into: expected a text, found an array'],
  ['[{"regexp":"a","CATEGORY":false}]', 'rule 1: category: expected a text, found false'],
  ['[{"regexp":"a"},{"regexp":"(?=b)"}]', /^rule 2: regexp: expected RE2 syntax, found "\(\?=b\)" \(.+\)$/],
];

for (const [text, message] of faults) {
  test(`the rules ${text} are an error that says what was expected and found`, (t) => {
    t.throws(() => parseRules(text), { message });
  });
}

test('a prefix that is no object is an error', (t) => {
  t.throws(() => prefixRule('[{"regexp":"a"}]'), {
    message: 'expected a JSON object {"regexp": …, "into": …}, found an array',
  });
  t.throws(() => prefixRule('{"regexp":"("}'), { message: /^the rule: regexp: expected RE2 syntax, found "\("/ });
});

test('the number of rules and the length of their parts are bounded', (t) => {
  t.throws(() => parseRules(JSON.stringify(Array.from({ length: 1001 }, () => ({})))), {
    message: 'expected at most 1000 rules, found 1001',
  });
  t.throws(() => parseRules(JSON.stringify([{ regexp: 'a'.repeat(1001) }])), {
    message: 'rule 1: regexp: expected at most 1000 characters, found 1001',
  });
  t.notThrows(() => parseRules(JSON.stringify([{ regexp: 'a'.repeat(1000), into: 'b'.repeat(1000) }])));
});

test('a rule that would backtrack for ever in other engines ends', (t) => {
  const rules = parseRules(
    JSON.stringify([
      { regexp: '^(a+)+$', into: 'x' },
      { regexp: '^(a|aa)+$', into: 'x' },
      { regexp: '(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)c$', into: 'x' },
    ]),
  );
  const name = `${'a'.repeat(900)}b`;
  t.deepEqual(applyRules(rules, name), { name, category: undefined });
});

test('a name that a template makes too long is cut, and stays distinct', (t) => {
  const rules = parseRules(JSON.stringify([{ regexp: '.', into: '$0'.repeat(500) }]));
  const [first, second] = [`${'a'.repeat(900)}b`, `${'a'.repeat(900)}c`].map((name) => applyRules(rules, name).name);
  t.is(first?.length, 1000);
  t.is(second?.length, 1000);
  t.not(first, second);
  t.is(applyRules(parseRules(undefined), 'a'.repeat(5000)).name.length, 1000);
  t.is(applyRules(parseRules(undefined), 'a'.repeat(1000)).name, 'a'.repeat(1000));
});

test('whatever the name, a rule without a template leaves it', (t) => {
  const rules = parseRules('[{"regexp":"","category":"all"}]');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (name) => {
      t.deepEqual(applyRules(rules, `/${name}`), { name, category: 'all' });
    }),
  );
});
