// Node overrides: every fault of the file is reported with its line, and valid overrides change the slices.

import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expanded } from '../../../../src/model/factored-points.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { nodeOverridesOf, WrongOverrides } from '../../../../src/sources/catchpoint/nodes/node-overrides.ts';
import { openOverrides } from '../../../../src/sources/catchpoint/nodes/overrides-file.ts';
import { dimensionsWithoutNode, type OverrideOf, slicer } from '../../../../src/sources/catchpoint/slices.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { until } from '../../../fakes/until.ts';
import { movableClock } from '../../../fakes/time.ts';
import { defaultSlices } from '../samples.ts';

test('reads YAML and JSON, with ids quoted or not', (t) => {
  const wanted = new Map([
    [312, { city: 'Jinan', isp: 'China Unicom', asn: 4837 }],
    [7, { region: '007' }],
  ]);
  t.deepEqual(
    nodeOverridesOf('o.yaml', '312:\n  city: Jinan\n  isp: China Unicom\n  asn: 4837\n"7": { region: 007 }\n'),
    wanted,
  );
  t.deepEqual(
    nodeOverridesOf(
      'o.json',
      '{"312": {"city": "Jinan", "isp": "China Unicom", "asn": "4837"}, "7": {"region": "007"}}',
    ),
    wanted,
  );
  for (const empty of ['', '# nothing yet\n', '{}', '\uFEFF{}']) t.is(nodeOverridesOf('o', empty).size, 0);
});

const faulty: readonly (readonly [what: string, text: string, ...faults: string[]])[] = [
  ['no map', '- 312\n', 'o:1: expected nodes as "id: fields", found a list'],
  ['broken YAML', '312:\n  city: "Jinan\n', /o:\d: .*/.source],
  [
    'ids that are none',
    '0: {}\nx1: {}\n1.5: {}\n',
    ...['0', 'x1', '1.5'].map(
      (id, at) => `o:${at + 1}: expected the id of a node, an integer from 1 to 2^53-1, found "${id}"`,
    ),
  ],
  ['a node twice', '1: { city: A }\n2: { city: B }\n"1": { city: C }\n', 'o:3: node 1: stands here a second time'],
  [
    'a node without fields',
    '1: Jinan\n2:\n',
    'o:1: node 1: expected city, country, region, continent, isp, asn, found a single value',
    'o:2: node 2: expected city, country, region, continent, isp, asn, found nothing',
  ],
  [
    'a field misspelt',
    '1:\n  City: A\n  isp: B\n  name: C\n',
    'o:2: node 1: City: no such field; did you mean city?',
    'o:4: node 1: name: no such field; there are city, country, region, continent, isp, asn',
  ],
  ['a field twice', '1:\n  city: A\n  city: B\n', 'o:3: node 1: city: stands here a second time'],
  [
    'values that are none',
    '1:\n  city: "***"\n  country:\n  region: [a]\n  asn: AS1\n',
    'o:2: node 1: city: expected a text with something in it that can be a tag, found "***"',
    'o:3: node 1: country: expected a text with something in it that can be a tag, found nothing',
    'o:4: node 1: region: expected a text with something in it that can be a tag, found a list',
    'o:5: node 1: asn: expected the number of an autonomous system, such as 4837, found "AS1"',
  ],
];

for (const [what, text, ...faults] of faulty) {
  test(`reports every fault with its line: ${what}`, (t) => {
    const error = t.throws(() => nodeOverridesOf('o', text), { instanceOf: WrongOverrides });
    if (what === 'broken YAML') t.regex(error?.message ?? '', new RegExp(faults[0] as string));
    else t.deepEqual(error?.message.split('\n'), faults);
    t.is(error?.exitCode, 78);
  });
}

const measurement = { testId: 1, nodeId: 312, timeMs: 1_000, rttMs: 5, asn: 4837 };
const node = { id: 312, city: 'Jinan', isp: 'Unicom', asn: 4837, active: true };

function tagsBy(overrideOf: OverrideOf, known = true, without = false): Record<string, string> {
  const slice = slicer(defaultSlices, overrideOf);
  const points = expanded(
    slice(measurement, known ? node : undefined, without ? dimensionsWithoutNode(measurement) : []),
  );
  return Object.assign(
    {},
    ...points.filter(({ metric }) => metric.startsWith('catchpoint.rtt')).map(({ tags }) => tags),
  ) as Record<string, string>;
}

test("an override replaces the directory's fields, and the push's AS number", (t) => {
  const overrideOf: OverrideOf = (id) =>
    id === 312 ? { isp: 'China Unicom', region: 'Shandong', asn: 4808 } : undefined;
  t.deepEqual(tagsBy(overrideOf), {
    nodeid: '312',
    asn: '4808',
    city: 'Jinan',
    region: 'Shandong',
    isp: 'China_Unicom',
  });
});

test('before its node is known, a run uses no field of an override but the AS number', (t) => {
  const overrideOf: OverrideOf = () => ({ isp: 'China Unicom', asn: 4808 });
  t.deepEqual(tagsBy(overrideOf, false), { nodeid: '312', asn: '4808' });
  t.deepEqual(tagsBy(overrideOf, true, true), { nodeid: '312', city: 'Jinan', isp: 'China_Unicom' });
});

test('a new override replaces the cached slices', (t) => {
  let isp = 'One';
  const slice = slicer({ ...defaultSlices, slices: ['isp'] }, () => ({ isp }));
  const shown = (): unknown => expanded(slice(measurement, node))[0]?.tags['isp'];
  t.is(shown(), 'One');
  isp = 'Two';
  t.is(shown(), 'Two');
});

async function openFile(t: Parameters<typeof temporaryDirectory>[0]) {
  const path = join(await temporaryDirectory(t), 'overrides.yaml');
  const clock = movableClock();
  await writeFile(path, '312: { isp: One }\n');
  const overrides = await openOverrides({ path, clock, log: silentLog() });
  return { path, clock, overrides };
}

test('a changed file is reloaded, and an unusable one leaves the last good overrides in effect', async (t) => {
  const { path, clock, overrides } = await openFile(t);
  const stop = new AbortController();
  const running = overrides.run(stop.signal);
  const writeAndExpect = async (text: string, isp: string): Promise<void> => {
    await writeFile(path, text);
    await clock.advance(60_000);
    await until(() => overrides.find(312)?.isp === isp);
    await clock.untilSomebodySleeps();
  };
  await writeAndExpect('312: { isp: Number two }\n', 'Number two');
  await writeAndExpect('312: { isp: \n', 'Number two');
  await writeAndExpect('312: { isp: Number three! }\n', 'Number three!');
  stop.abort();
  await t.notThrowsAsync(running);
});

test('an unusable file is rejected when it is prepared or opened', async (t) => {
  const { path, overrides } = await openFile(t);
  await writeFile(path, '312: { ips: Two }\n');
  const message = `${path}:1: node 312: ips: no such field; did you mean isp?`;
  await t.throwsAsync(overrides.prepare(path), { message });
  t.deepEqual(overrides.find(312), { isp: 'One' });
  await t.throwsAsync(openOverrides({ path: `${path}.none`, clock: movableClock(), log: silentLog() }), {
    message: /^node-overrides: .*none: cannot be read/,
  });
});
