// Which containers filters select.

import test from 'ava';
import fc from 'fast-check';
import { isSelected, parseFilter } from '../../../../src/sources/docker/naming/filters.ts';

const container = { name: 'shop-web-1', labels: { team: 'shop', empty: '', 'a.b': 'x=y' } };

const cases: readonly (readonly [filter: string, isMatching: boolean])[] = [
  ['name=shop-web-1', true],
  ['name=shop-web', false],
  ['name=web', false],
  ['name=shop-*', true],
  ['name=*web*', true],
  ['name=*-web-?', true],
  ['name=?hop*1', true],
  ['name=*', true],
  ['name=shop-web-1*', true],
  ['name=shop-web-1?', false],
  ['name=shop.web.1', false],
  ['label=team', true],
  ['label=team=shop', true],
  ['label=team=s*', true],
  ['label=team=', false],
  ['label=empty', true],
  ['label=empty=', true],
  ['label=empty=?', false],
  ['label=a.b=x=y', true],
  ['label=missing', false],
  ['label=missing=*', false],
  ['label=toString', false],
];

for (const [text, isMatching] of cases) {
  test(`${text} ${isMatching ? 'matches' : 'does not match'} shop-web-1 of team shop`, (t) => {
    t.is(isSelected(container, [parseFilter(text)], []), isMatching);
    t.is(isSelected(container, [], [parseFilter(text)]), !isMatching);
  });
}

test('without filters every container is selected; exclude wins over include', (t) => {
  const filter = parseFilter('name=shop*');
  t.true(isSelected(container, [], []));
  t.true(isSelected(container, [parseFilter('name=db'), filter], []));
  t.false(isSelected(container, [filter], [parseFilter('name=db'), filter]));
});

for (const text of ['', 'web', 'name', 'name=', 'label=', 'label==x', 'image=web', '=web']) {
  test(`the filter ${JSON.stringify(text)} is an error`, (t) => {
    t.throws(() => parseFilter(text), {
      message: `expected name=GLOB, label=NAME or label=NAME=GLOB, found ${JSON.stringify(text)}`,
    });
  });
}

test('a glob matches as the regular expression of the same meaning', (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '😀'), maxLength: 8 });
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '.', '😀', '*', '?'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(text, glob, (name, pattern) => {
      const source = pattern.replaceAll('.', '[.]').replaceAll('*', '.*').replaceAll('?', '.');
      const expected = new RegExp(`^(?:${source})$`, 'su').test(name);
      t.is(isSelected({ name, labels: {} }, [parseFilter(`name=${pattern}`)], []), expected);
    }),
  );
});

test('a glob of many stars ends on a long name', (t) => {
  const filter = parseFilter(`name=${'*a'.repeat(50)}*b`);
  t.false(isSelected({ name: 'a'.repeat(5000), labels: {} }, [filter], []));
});
