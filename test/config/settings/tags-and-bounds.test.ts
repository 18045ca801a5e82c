// The settings of tags and of the cardinality guard: what cannot be, and what there is no room for, is said at the start.

import test from 'ava';
import { type ConfigRead, readConfig, WrongConfiguration } from '../../../src/config/config.ts';
import type { Flags } from '../../../src/config/settings/origins.ts';

const read = (flags: Flags): ConfigRead =>
  readConfig(
    { flags: { stateDir: '/x', ...flags }, env: {}, readFile: () => '', canWriteIn: () => true },
    { needsNodes: false },
  );

const faultsOf = (flags: Flags): string | undefined => {
  try {
    read(flags);
  } catch (error) {
    if (error instanceof WrongConfiguration) return error.message;
    throw error;
  }
  return undefined;
};

test('labels are given as names or with tags of their own', (t) => {
  const { metrics } = read({ labelTags: ['Team,env=Environment', 'Business Unit'], testAsTag: true }).config;
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

test('a tag that there is already is refused, and so is a tag for two labels', (t) => {
  t.is(
    faultsOf({ labelTags: ['city,a=x,a=y'] }),
    [
      '--label-tags: expected tags that are not there already, found city; tag=label names it otherwise',
      '--label-tags: expected tags that are not there already, found a; tag=label names it otherwise',
    ].join('\n'),
  );
  t.is(faultsOf({ labelTags: ['town=city'] }), undefined);
});

test('labels without room are said, in the order in which they count', (t) => {
  t.deepEqual(read({ labelTags: ['a,b,c,d,e'] }).warnings, []);
  t.deepEqual(read({ labelTags: ['a,b,c,d,e'], testAsTag: true, testNameTag: true }).warnings, [
    '--label-tags: d, e: not written, OpenTSDB takes 8 tags, and beside nodeid, slice and status there is room for testid, testname, a, b, c',
  ]);
});

test('bounds are whole numbers that OpenTSDB has UIDs for', (t) => {
  t.deepEqual(read({ maxTests: '1', maxNodes: '16777215' }).config.cardinality, {
    maxTests: 1,
    maxNodes: 16_777_215,
    maxTagValues: 10_000,
  });
  for (const wrong of ['0', '-1', '1.5', '1e3', '16777216', '']) {
    t.is(
      faultsOf({ maxTests: wrong }),
      `--max-tests: expected a whole number from 1 to 16777215, found ${JSON.stringify(wrong)}`,
      wrong,
    );
  }
});
