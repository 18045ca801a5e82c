// The settings of run tags and of the cardinality guard.

import test from 'ava';
import type { Flags } from '../../../src/config/settings/origins.ts';
import { faultsOf, read } from '../given.ts';

const faultOf = (flags: Flags): string => faultsOf({ flags }).slice(1).join('\n');

test('a label becomes a tag of its name or of the given name', (t) => {
  const { metrics } = read({ flags: { labelTags: ['Team,env=Environment', 'Business Unit'], testAsTag: true } }).config;
  t.deepEqual(
    [metrics.testAsTag, metrics.testNameTag, metrics.labelTags],
    [
      true,
      false,
      [
        { tag: 'Team', label: 'team' },
        { tag: 'env', label: 'environment' },
        { tag: 'Business_Unit', label: 'business unit' },
      ],
    ],
  );
});

test('a reserved tag and a tag for two labels are faults', (t) => {
  t.is(
    faultOf({ labelTags: ['city,a=x,a=y'] }),
    [
      '--label-tags: expected tags that are not there already, found city; tag=label names it otherwise',
      '--label-tags: expected tags that are not there already, found a; tag=label names it otherwise',
    ].join('\n'),
  );
  t.is(faultOf({ labelTags: ['town=city'] }), '');
});

test('labels beyond the maximum number of tags are a warning', (t) => {
  t.deepEqual(read({ flags: { labelTags: ['a,b,c,d,e'] } }).warnings, []);
  t.deepEqual(read({ flags: { labelTags: ['a,b,c,d,e'], testAsTag: true, testNameTag: true } }).warnings, [
    '--label-tags: d, e: not written, OpenTSDB takes 8 tags, and beside nodeid, slice and status there is room for testid, testname, a, b, c',
  ]);
});

test('cardinality limits are whole numbers up to the number of UIDs', (t) => {
  t.deepEqual(read({ flags: { maxTests: '1', maxNodes: '16777215' } }).config.cardinality, {
    maxTests: 1,
    maxNodes: 16_777_215,
    maxTagValues: 10_000,
  });
  for (const wrong of ['0', '-1', '1.5', '1e3', '16777216', '']) {
    t.is(
      faultOf({ maxTests: wrong }),
      `--max-tests: expected a whole number from 1 to 16777215, found ${JSON.stringify(wrong)}`,
      wrong,
    );
  }
});
