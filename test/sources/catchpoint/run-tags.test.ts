// The tags of a run: its labels, the legal values, and the limit of tags.

import test from 'ava';
import { labelsOf, measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import {
  parseLabelTag,
  runTagger,
  type RunTagOptions,
  tagsWithinBudget,
  wantedLabels,
} from '../../../src/sources/catchpoint/run-tags.ts';

const push = (labels: unknown, name = 'A test') => ({
  TestDetail: {
    Name: name,
    TypeId: 5,
    Labels: labels,
  },
  TestId: 7,
  NodeId: 312,
  Summary: {
    Timestamp: '20261118093412345',
    Timing: { Total: 164 },
  },
});

function tagsOf(labels: unknown, options: RunTagOptions, name?: string) {
  return runTagger(options)(measurementOf(push(labels, name), { labels: wantedLabels(options) }));
}

const tags = (...given: string[]): RunTagOptions => ({ labelTags: given.map(parseLabelTag) });

test('a label of any case becomes a tag, and several values become one, sorted', (t) => {
  t.deepEqual(tagsOf([{ TEAM: ['web', 'edge', 'web'] }, { Other: ['x'] }], tags('Team')), { Team: 'edge.web' });
  t.deepEqual(tagsOf([{ team: ['web'] }, { Team: ['edge'] }], tags('Team')), { Team: 'edge.web' });
});

test('values are made legal, and a label without a legal value has no tag', (t) => {
  t.deepEqual(
    tagsOf(
      [{ Team: ['São Paulo', '東京'] }, { Env: ['***'] }, { Site: [] }, { Zone: ['', null] }],
      tags('Team', 'Env', 'Site', 'Zone'),
    ),
    {
      Team: 'DongJing.Sao_Paulo',
    },
  );
});

test('labels of any other shape are ignored', (t) => {
  for (const labels of [undefined, null, 'Team', 7, [null, 7, 'Team'], { Team: { a: 1 } }, [{ Team: [{ a: 1 }] }]]) {
    t.deepEqual(tagsOf(labels, tags('Team')), {}, JSON.stringify(labels));
  }
  t.is(Object.getPrototypeOf(labelsOf(JSON.parse('[{"__proto__":["x"]}]'), ['__proto__'])), Object.prototype);
});

test('other labels are not read', (t) => {
  t.false('labels' in measurementOf(push([{ Team: ['web'] }]), { labels: ['env'] }));
  t.false('labels' in measurementOf(push([{ Team: ['web'] }])));
});

test('without options there are no tags', (t) => {
  t.is(tagsOf([{ Team: ['web'] }], {}), undefined);
});

test('a test name without a legal character has no tag', (t) => {
  t.deepEqual(tagsOf([], { testNameTag: true, testAsTag: true }, '???'), { testid: '7' });
});

test('five tags fit: the id, the name, then the labels in their order', (t) => {
  const labels = tags('a', 'b', 'c', 'd', 'e', 'f').labelTags ?? [];
  t.deepEqual(tagsWithinBudget({ labelTags: labels }), { kept: ['a', 'b', 'c', 'd', 'e'], dropped: ['f'] });
  const all = { testAsTag: true, testNameTag: true, labelTags: labels };
  t.deepEqual(tagsWithinBudget(all), { kept: ['testid', 'testname', 'a', 'b', 'c'], dropped: ['d', 'e', 'f'] });
  t.deepEqual(wantedLabels(all), ['a', 'b', 'c']);
});

test('a label is given by its name, or as tag=name', (t) => {
  t.deepEqual(parseLabelTag('Business Unit'), { tag: 'Business_Unit', label: 'business unit' });
  t.deepEqual(parseLabelTag('unit=Business Unit'), { tag: 'unit', label: 'business unit' });
  for (const wrong of ['', '=x', 'a b=x', 'x=', '***'])
    t.throws(() => parseLabelTag(wrong), { message: /^expected a label's name, .* found "/ }, wrong);
});
