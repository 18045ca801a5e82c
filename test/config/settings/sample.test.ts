// The sample of a configuration file holds every setting once, commented out, and is right as it stands.

import test from 'ava';
import { readConfig } from '../../../src/config/config.ts';
import { nameOf } from '../../../src/config/settings/names.ts';
import { configSample } from '../../../src/config/settings/sample.ts';
import { settingEntries } from '../../../src/config/settings/settings.ts';

const sample = configSample();
const inFile = settingEntries.filter(([, { isNotInFile }]) => isNotInFile !== true);

function shownOf(text: string | undefined) {
  const places = { flags: {}, env: { HOME: '/home/x' }, readFile: () => 'x', canWriteIn: () => false };
  return readConfig({ ...places, file: text === undefined ? undefined : { path: 'f', text } }, { needsNodes: false });
}

/** The sample with the settings taken out of their comments that the rule is true of. */
function uncommented(isWanted: (name: string, value: string) => boolean): string {
  return sample.replace(/^#([a-z-]+):(.*)$/gm, (line, name: string, value: string) =>
    isWanted(name, value) ? line.slice(1) : line,
  );
}

test('every setting stands in it once, with its help, and nothing is in effect', (t) => {
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
  t.deepEqual(shownOf(sample), shownOf(undefined));
});

test('with every default taken out of its comment, the configuration is the same', (t) => {
  const text = uncommented((_, value) => value.trim() !== '');
  const { config } = shownOf(text);
  t.deepEqual({ ...config, adminListenChosen: false }, shownOf(undefined).config);
  t.true(text.includes('\nslices: [node, asn, continent, city, country, region, isp]\n'));
});

test('a setting that is taken out of its comment without a value is named', (t) => {
  for (const [, name] of sample.matchAll(/^#([a-z-]+):$/gm)) {
    const line =
      uncommented((candidate) => candidate === name)
        .split('\n')
        .indexOf(`${name}:`) + 1;
    t.throws(() => shownOf(uncommented((candidate) => candidate === name)), {
      message: `f:${line}: ${name}: expected a value, found nothing`,
    });
  }
});
