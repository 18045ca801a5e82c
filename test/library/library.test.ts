// The package's exports, as another program imports them.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { openTsd } from '../../src/simulator/tsd/tsd.ts';
import { fakeCarbon } from '../fakes/carbon.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { until } from '../fakes/until.ts';
import { read, thermometers } from './thermometers.ts';

const root = new URL('../../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');

test('the example of embedding delivers points to OpenTSDB and Graphite, and a repeated reading once', async (t) => {
  const received: string[] = [];
  const tsd = await openTsd({
    onPoint: ({ metric, value, tags }) => void received.push(`${metric} ${value} ${tags['room']}`),
  });
  t.teardown(tsd.close);
  const carbon = await fakeCarbon(t);
  const options = {
    directory: await temporaryDirectory(t),
    tsdb: tsd.url,
    carbon: { host: '127.0.0.1', port: carbon.port },
    clock: systemClock(),
    log: silentLog(),
  };
  const stop = new AbortController();
  const running = thermometers(
    async (deliver) => {
      await read('cellar', 11.3, 1794994452, deliver);
      await read('attic', 24, 1794994452, deliver);
      await read('attic', 24, 1794994452, deliver);
    },
    options,
    stop.signal,
  );
  await carbon.untilLines(2);
  await until(() => received.length === 2);
  stop.abort();
  await running;
  t.deepEqual(carbon.lines().toSorted(), [
    'room.celsius.room.attic 24.0 1794994452',
    'room.celsius.room.cellar 11.3 1794994452',
  ]);
  t.deepEqual(received.toSorted(), ['room.celsius 11.3 cellar', 'room.celsius 24.0 attic']);
});

test("every entry of the package's exports is a module with types", async (t) => {
  const { exports } = JSON.parse(text('package.json')) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  const entries = Object.entries(exports).filter(([name]) => name !== './package.json');
  t.true(entries.length > 8);
  for (const [name, target] of entries) {
    t.not(typeof target, 'string', name);
    const { types, default: code } = target as { types: string; default: string };
    t.is(types, code.replace(/\.js$/, '.d.ts'));
    t.regex(text(types), /export/);
    await t.notThrowsAsync(import(name.replace('.', 'catchpoint-opentsdb-bridge')), name);
    t.true(text('docs/embedding.md').includes(`\`${name.replace('./', '…/')}\``), `${name} is in docs/embedding.md`);
  }
});

test('docs/embedding.md has this example', (t) => {
  const example = /\/\/ <example>\n([\s\S]*)\/\/ <\/example>/.exec(text('test/library/thermometers.ts'))?.[1] as string;
  t.true(text('docs/embedding.md').includes(example));
});
