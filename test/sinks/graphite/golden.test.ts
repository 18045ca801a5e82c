// Golden pairs: test/golden/catchpoint/NAME.points is rendered to test/golden/graphite/NAME.tagged and NAME.dotted.

import test from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import type { DataPoint } from '../../../src/model/point.ts';
import { carbonLine } from '../../../src/sinks/graphite/line.ts';
import { naming } from '../../../src/sinks/graphite/naming.ts';

const golden = (path: string): string =>
  readFileSync(new URL(`../../../../test/golden/${path}`, import.meta.url), 'utf8');
const files = readdirSync(new URL('../../../../test/golden/graphite', import.meta.url)).toSorted();

function parsePutLine(putLine: string): DataPoint {
  const [, metric = '', time = '', value = '', ...tags] = putLine.split(' ');
  const unit = time.length > 10 ? 'ms' : 's';
  return {
    metric,
    timestamp: Number(time),
    unit,
    value,
    tags: Object.fromEntries(tags.map((tag) => tag.split('=') as [string, string])),
  };
}

for (const file of files) {
  const [, name = '', form = ''] = /^(.*)\.(tagged|dotted)$/.exec(file) ?? [];
  test(`golden ${file}`, (t) => {
    const nameOf = naming({ form: form as 'tagged' | 'dotted' });
    const lines = golden(`catchpoint/${name}.points`)
      .trim()
      .split('\n')
      .map((line) => carbonLine(parsePutLine(line), nameOf));
    t.is(lines.map((line) => ('text' in line ? line.text : line.fault)).join(''), golden(`graphite/${file}`));
  });
}

test('both forms have golden pairs', (t) => {
  t.true(
    ['tagged', 'dotted'].every((form) => files.filter((file) => file.endsWith(form)).length >= 3),
    String(files),
  );
});
