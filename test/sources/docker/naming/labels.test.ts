// How labels become tags.

import test from 'ava';
import { parseLabelTag, parseLabelTags, splitLabelTags } from '../../../../src/sources/docker/naming/labels.ts';

test('a label gives its own name to the tag, or is given one', (t) => {
  t.deepEqual(parseLabelTag('team'), { label: 'team', tag: 'team' });
  t.deepEqual(parseLabelTag(' com.docker.compose.project '), {
    label: 'com.docker.compose.project',
    tag: 'com.docker.compose.project',
  });
  t.deepEqual(parseLabelTag('project=com.docker.compose.project'), {
    label: 'com.docker.compose.project',
    tag: 'project',
  });
  t.deepEqual(parseLabelTag('owner=my label=x'), { label: 'my label=x', tag: 'owner' });
});

for (const text of ['', 'team=']) {
  test(`the label ${JSON.stringify(text)} is an error`, (t) => {
    t.throws(() => parseLabelTag(text), { message: `expected LABEL or TAG=LABEL, found ${JSON.stringify(text)}` });
  });
}

for (const text of ['my label', 'größe', '=team', 'a b=team', '_host=team', 'x_=team']) {
  test(`the tag of ${JSON.stringify(text)} is an error`, (t) => {
    t.throws(() => parseLabelTag(text), {
      message: /^expected a tag of letters, digits and -_\.\/, without _ at an end .*, found /,
    });
  });
}

for (const tag of ['host', 'container', 'image', 'category', 'interface', 'state']) {
  test(`the tag ${tag}, which the source sets itself, is an error`, (t) => {
    t.throws(() => parseLabelTag(`${tag}=x`), { message: /^expected a tag other than host, .*, found / });
    t.throws(() => parseLabelTag(tag), { message: /^expected a tag other than host, .*, found / });
  });
}

test('a tag that occurs twice is an error', (t) => {
  t.throws(() => parseLabelTags(['a', 'b', 'a=c']), {
    message: 'expected each tag once, found a again for the label c',
  });
  t.is(parseLabelTags(['a', 'b', 'c=a']).length, 3);
});

test('three labels become tags beside host, container, image, category and interface', (t) => {
  const labelTags = parseLabelTags(['a', 'b', 'c', 'd', 'e']);
  const { used, leftOut } = splitLabelTags(labelTags);
  t.deepEqual(
    [used, leftOut].map((list) => list.map(({ tag }) => tag)),
    [
      ['a', 'b', 'c'],
      ['d', 'e'],
    ],
  );
});
