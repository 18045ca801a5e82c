// The configured sinks, opened and by name.

import test from 'ava';
import type { Flags } from '../../src/config/settings/origins.ts';
import { openSinks, sinkNames, sinksOf } from '../../src/outlet/open-sinks.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { configFrom } from '../cli/context.ts';
import { movableClock } from '../fakes/time.ts';

const configurations: readonly (readonly [Flags, names: readonly string[]])[] = [
  [{}, ['opentsdb!']],
  [{ put: 'telnet', graphite: ['c', '[::1]:2004'] }, ['opentsdb!', 'graphite:c:2003', 'graphite:[::1]:2004']],
  [
    { backstopSink: ['http://u:p@b/publish/My_app', 'https://[::1]/publish/x/?key=1'] },
    ['opentsdb!', 'backstop:b:80/publish/My_app', 'backstop:[::1]:443/publish/x'],
  ],
  [
    { opentsdb: false, graphite: ['c'], backstopSink: ["http://b:3000/it's(here)"] },
    ['graphite:c:2003!', 'backstop:b:3000/it_s_here_!'],
  ],
  [
    { fileMode: true, file: '/nowhere/points', backstopSink: ['http://b/publish/x'], backstopSinkRequired: true },
    ['file!', 'backstop:b:80/publish/x!'],
  ],
];
for (const [flags, names] of configurations) {
  test(`sinks have the same names and are required alike, opened or not: ${names.join(', ')}`, async (t) => {
    const config = sinksOf(configFrom(flags).config);
    const opened = await openSinks(config, { clock: movableClock(), log: silentLog() });
    t.teardown(() => Promise.all(opened.map(({ sink }) => sink.close())));
    const marked = (all: readonly { readonly name: string; readonly isRequired: boolean }[]): string[] =>
      all.map(({ name, isRequired }) => `${name}${isRequired ? '!' : ''}`);
    t.deepEqual(marked(opened.map(({ sink: { name }, isRequired }) => ({ name, isRequired }))), names);
    t.deepEqual(marked(sinkNames(config)), names);
  });
}
