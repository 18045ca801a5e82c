// Go's templates and its replacement of matches, against what Go itself returned.

import test from 'ava';
import { expand, type Match, replaceAll } from '../../../../src/sources/docker/naming/go-template.ts';
import { applyRules, parseRules } from '../../../../src/sources/docker/naming/rules.ts';
import { recordedText } from '../figures/stats.ts';

interface Recorded {
  /** What Go's Regexp.MatchString and Regexp.ReplaceAllString return. */
  readonly replacements: readonly {
    readonly regexp: string;
    readonly into: string;
    readonly name: string;
    readonly isMatching: boolean;
    readonly result: string;
  }[];
  /** Whether Go's regexp.Compile accepts an expression. */
  readonly syntax: readonly { readonly regexp: string; readonly isValid: boolean }[];
}

const recorded = JSON.parse(recordedText('go-regexp.json')) as Recorded;

test('rules rewrite names as Go does', (t) => {
  t.true(recorded.replacements.length > 500);
  for (const { regexp, into, name, isMatching, result } of recorded.replacements) {
    const rules = parseRules(JSON.stringify([{ regexp, into, category: 'matched' }]));
    t.deepEqual(
      applyRules(rules, name),
      { name: isMatching ? result : name, category: isMatching ? 'matched' : undefined },
      JSON.stringify({ regexp, into, name }),
    );
  }
});

test('rules refuse the expressions that Go refuses, such as lookahead and backreferences, and no others', (t) => {
  t.true(recorded.syntax.some(({ isValid }) => isValid));
  for (const { regexp, isValid } of recorded.syntax) {
    const parse = (): unknown => parseRules(JSON.stringify([{ regexp }]));
    if (isValid) t.notThrows(parse, regexp);
    else t.throws(parse, { message: /^rule 1: regexp: expected RE2 syntax, found / }, regexp);
  }
});

const groups: Readonly<Record<string, string>> = { 0: 'ab', 1: 'a', 2: 'b', name: 'n', größe: 'g' };
const match: Pick<Match, 'group'> = { group: (key) => groups[key] };

const expansions: readonly (readonly [template: string, expected: string])[] = [
  ['$1$2', 'ab'],
  ['$1_$2', 'b'],
  ['${1}_$2', 'a_b'],
  ['$name.$größe', 'n.g'],
  ['${name}s', 'ns'],
  ['$names', ''],
  ['$$1', '$1'],
  ['$$$1', '$a'],
  ['$', '$'],
  ['a$', 'a$'],
  ['$-${}${ 1}${1', '$-${}${ 1}${1'],
  ['$01$9', ''],
];

for (const [template, expected] of expansions) {
  test(`the template ${template} expands to ${expected === '' ? 'nothing' : expected}`, (t) => {
    t.is(expand(template, match), expected);
  });
}

test('a match of nothing right behind another match is not replaced', (t) => {
  const text = 'baac';
  const find = (from: number): Match | undefined => {
    const expression = /a*/g;
    expression.lastIndex = from;
    const found = expression.exec(text);
    return found === null
      ? undefined
      : { start: found.index, end: found.index + found[0].length, group: () => undefined };
  };
  t.is(replaceAll(text, '-', find), '-b-c-');
});
