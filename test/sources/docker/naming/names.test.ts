// The names of points, which are legal whatever containers, labels, interfaces and hosts are called.

import test from 'ava';
import fc from 'fast-check';
import { faultOf } from '../../../../src/model/legal-point.ts';
import type { DataPoint } from '../../../../src/model/point.ts';
import type { Figure } from '../../../../src/sources/docker/figures/figure.ts';
import { imageText } from '../../../../src/sources/docker/naming/image.ts';
import { type NamedContainer, type NameSettings, namesOf } from '../../../../src/sources/docker/naming/names.ts';

const at = 1_709_633_742_123;
const id = `0123456789ab${'f'.repeat(52)}`;
const tagged: NameSettings = {
  naming: 'tags',
  prefix: 'docker',
  hostname: 'vm',
  unit: 's',
  labelTags: [{ label: 'com.docker.compose.project', tag: 'project' }],
  figures: 'all',
};
const legacy: NameSettings = { ...tagged, naming: 'legacy', prefix: '' };
const web: NamedContainer = { name: 'web', id, image: 'shop/web:1.2', labels: {} };
const pids: Figure = { name: 'pids', value: '7', isOriginal: false };
const received: Figure = { name: 'network.rx_bytes', value: '1', interfaceName: 'eth0', isOriginal: false };
const usage: Figure = { name: 'memory.usage', value: '5', isOriginal: true };
const host = {
  total: 3,
  byState: new Map([
    ['running', 2],
    ['exited', 1],
  ]),
  byCategory: new Map([
    ['web', 1],
    ['9', 1],
  ]),
  pollDurationNs: 12_345_678_901_234_567n,
  threads: 1,
};

function shown({ metric, timestamp, unit, value, tags }: DataPoint): string {
  const text = Object.entries(tags).map(([name, tag]) => ` ${name}=${tag}`);
  return `${metric} ${timestamp}${unit} ${value}${text.join('')}`;
}

test('naming tags: host, container and image come first, then category, labels and interface', (t) => {
  const labels = { 'com.docker.compose.project': 'my shop', other: 'x' };
  const points = namesOf(tagged).containerPoints({ ...web, labels }, 'front', [pids, received], at);
  t.deepEqual(points.map(shown), [
    'docker.pids 1709633742s 7 host=vm container=web image=shop/web_1.2 category=front project=my_shop',
    'docker.network.interface.rx_bytes 1709633742s 1 host=vm container=web image=shop/web_1.2 category=front project=my_shop interface=eth0',
  ]);
});

test('naming legacy: dotted names, an interface is one level, the prefix comes first', (t) => {
  const vlan = { ...received, interfaceName: 'eth0.100' };
  t.deepEqual(
    namesOf(legacy)
      .containerPoints({ ...web, name: 'a.b c' }, 'front', [pids, vlan], at)
      .map(shown),
    ['a.b_c.pids 1709633742s 7', 'a.b_c.network.eth0_100.rx_bytes 1709633742s 1'],
  );
  const prefixed = namesOf({ ...legacy, prefix: 'site.one', unit: 'ms' });
  t.deepEqual(prefixed.containerPoints(web, undefined, [pids], at).map(shown), ['site.one.web.pids 1709633742123ms 7']);
  t.is(prefixed.hostPoints(host, at)[0]?.metric, 'site.one.vm.containers.web');
});

test('naming tags: figures of the host have the host alone, with state or category', (t) => {
  t.deepEqual(namesOf(tagged).hostPoints(host, at).map(shown), [
    'docker.host.containers.category 1709633742s 1 host=vm category=web',
    'docker.host.containers.category 1709633742s 1 host=vm category=9',
    'docker.host.containers.total 1709633742s 3 host=vm',
    'docker.host.poll.duration 1709633742s 12345678901234567 host=vm',
    'docker.host.containers.state 1709633742s 2 host=vm state=running',
    'docker.host.containers.state 1709633742s 1 host=vm state=exited',
  ]);
});

test('naming legacy: figures of the host come in the order of the original, then the states', (t) => {
  t.deepEqual(namesOf(legacy).hostPoints(host, at).map(shown), [
    'vm.containers.web 1709633742s 1',
    'vm.containers.9 1709633742s 1',
    'vm.containers.total 1709633742s 3',
    'vm.metrics.threads 1709633742s 1',
    'vm.metrics.duration 1709633742s 12345678901234567',
    'vm.containers.state.running 1709633742s 2',
    'vm.containers.state.exited 1709633742s 1',
  ]);
});

test('figures original: what docker-stats-to-backstop did not send is left out in both namings', (t) => {
  for (const settings of [legacy, tagged]) {
    const names = namesOf({ ...settings, figures: 'original' });
    t.deepEqual(
      names.containerPoints(web, undefined, [usage, pids, received], at).map(({ value }) => value),
      ['5'],
    );
    t.false(names.hostPoints(host, at).some(({ metric, tags }) => /state/.test(metric) || 'state' in tags));
  }
});

test('categories that become the same legal name are one series', (t) => {
  const byCategory = [
    ['a b', 1],
    ['a_b', 2],
    ['', 4],
  ] as const;
  for (const settings of [legacy, tagged]) {
    const points = namesOf(settings).hostPoints({ ...host, byCategory, byState: [] }, at);
    t.deepEqual(
      points.filter(({ metric, tags }) => metric.endsWith('a_b') || tags.category === 'a_b').map(({ value }) => value),
      ['3'],
    );
    t.is(points.length, settings.naming === 'legacy' ? 4 : 3);
  }
});

test('a category called total does not double the total of the original', (t) => {
  const points = namesOf(legacy).hostPoints({ ...host, byCategory: [['total', 1]] }, at);
  t.deepEqual(
    points.filter(({ metric }) => metric === 'vm.containers.total').map(({ value }) => value),
    ['3'],
  );
});

test('a label without a value gives no tag, nor does one that objects inherit', (t) => {
  const labelTags = ['empty', 'missing', 'toString'].map((label) => ({ label, tag: label }));
  const [point] = namesOf({ ...tagged, labelTags }).containerPoints(
    { ...web, labels: { empty: '' } },
    undefined,
    [pids],
    at,
  );
  t.deepEqual(Object.keys(point?.tags ?? {}), ['host', 'container', 'image']);
});

test('a container whose name leaves nothing is named by its id', (t) => {
  for (const name of ['', '.', '///', '__']) {
    const [point] = namesOf(tagged).containerPoints({ ...web, name }, undefined, [pids], at);
    t.is(point?.tags.container, /[./]/.test(name) ? name : '0123456789ab');
  }
  t.is(namesOf(legacy).containerPoints({ ...web, name: '.' }, undefined, [pids], at)[0]?.metric, '0123456789ab.pids');
});

test('two containers have the same series key if their points would be the same series', (t) => {
  const other = { ...web, id: 'e'.repeat(64), image: 'other' };
  t.is(namesOf(legacy).seriesKey(web, 'a'), namesOf(legacy).seriesKey(other, 'b'));
  t.not(namesOf(legacy).seriesKey(web, 'a'), namesOf(legacy).seriesKey({ ...web, name: 'web2' }, 'a'));
  t.not(namesOf(tagged).seriesKey(web, 'a'), namesOf(tagged).seriesKey(other, 'a'));
  t.is(namesOf(tagged).seriesKey(web, 'a'), namesOf(tagged).seriesKey({ ...web, id: 'e'.repeat(64) }, 'a'));
});

const digest = `sha256:${'c187e95e02517dfe'.repeat(4)}`;
const images: readonly (readonly [image: string, expected: string])[] = [
  ['bb:1', 'bb:1'],
  ['shop/web', 'shop/web'],
  ['registry:5000/shop/web:1.2', 'registry:5000/shop/web:1.2'],
  [`registry:5000/shop/web@${digest}`, 'registry:5000/shop/web'],
  [`web:1.2@${digest}`, 'web:1.2'],
  [digest, 'c187e95e0251'],
  [digest.slice(7), 'c187e95e0251'],
  ['', ''],
];

for (const [image, expected] of images) {
  test(`the image ${image === '' ? 'without a name' : image} is shown as ${expected === '' ? 'nothing' : expected}`, (t) => {
    t.is(imageText(image), expected);
  });
}

test('points are legal whatever things are called', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string(),
    fc.constantFrom('__proto__', 'a;b\r\nc', '..', '/'),
  );
  const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), text);
  fc.assert(
    fc.property(text, text, text, text, text, labels, (name, image, hostname, category, interfaceName, given) => {
      const labelTags = ['a', 'b', 'c', 'd'].map((label) => ({ label, tag: label }));
      for (const settings of [legacy, tagged]) {
        const names = namesOf({ ...settings, hostname, labelTags });
        const container = { name, id, image, labels: given };
        const points = [
          ...names.containerPoints(container, category, [pids, { ...received, interfaceName }], at),
          ...names.hostPoints({ ...host, byCategory: [[category, 1]], byState: [[name, 1]] }, at),
        ];
        t.true(points.length >= 4);
        for (const point of points) {
          t.is(faultOf(point, settings === legacy ? { metricForm: /^[!-~]+$/, minTags: 0 } : {}), undefined);
        }
      }
    }),
  );
});
