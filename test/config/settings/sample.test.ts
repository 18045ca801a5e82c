// The sample configuration file has every setting once, commented out, and is valid.

import test from 'ava';
import type { ConfigRead } from '../../../src/config/config.ts';
import { nameOf } from '../../../src/config/settings/names.ts';
import { configSample } from '../../../src/config/settings/sample.ts';
import { settingEntries } from '../../../src/config/settings/settings.ts';
import { read } from '../given.ts';

const sample = configSample();
const inFile = settingEntries.filter(([, { isNotInFile }]) => isNotInFile !== true);

const readSample = (file?: string): ConfigRead =>
  read({ env: { HOME: '/home/x' }, readFile: () => 'x', canWriteIn: () => false, ...(file !== undefined && { file }) });

/** The sample with some settings uncommented. */
function uncommented(isWanted: (name: string, value: string) => boolean): string {
  return sample.replace(/^#([a-z-]+):(.*)$/gm, (line, name: string, value: string) =>
    isWanted(name, value) ? line.slice(1) : line,
  );
}

test('the sample has every setting once with its help, and sets none', (t) => {
  const names = [...sample.matchAll(/^#([a-z][a-z-]*):/gm)].map(([, name]) => name);
  t.deepEqual(
    names,
    inFile.map(([key]) => nameOf(key)),
  );
  for (const [key, { help }] of inFile) t.true(sample.includes(help), key);
  t.deepEqual(
    sample.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    [],
  );
  t.deepEqual(readSample(sample), readSample());
});

test('uncommenting every default changes nothing', (t) => {
  const text = uncommented((_, value) => value.trim() !== '');
  const { config } = readSample(text);
  t.deepEqual({ ...config, adminListenChosen: false }, readSample().config);
  t.true(text.includes('\nslices: [node, asn, continent, city, country, region, isp]\n'));
});

test('uncommenting a setting without a value is a fault', (t) => {
  for (const [, name] of sample.matchAll(/^#([a-z-]+):$/gm)) {
    const line =
      uncommented((candidate) => candidate === name)
        .split('\n')
        .indexOf(`${name}:`) + 1;
    t.throws(() => readSample(uncommented((candidate) => candidate === name)), {
      message: `bridge.yaml:${line}: ${name}: expected a value, found nothing`,
    });
  }
});
