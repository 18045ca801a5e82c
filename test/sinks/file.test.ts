// The file sink: both formats, what a crash leaves of a last line, and writes that come together.

import test, { type ExecutionContext } from 'ava';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileSink, type FileSinkOptions } from '../../src/sinks/file.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { points } from '../fakes/points.ts';
import { asLine, testSink } from './contract.ts';
import { forever } from './opentsdb/http/sink-under-test.ts';

async function fileBench(t: ExecutionContext, format: FileSinkOptions['format'] = 'import', before?: string) {
  const path = join(await temporaryDirectory(t), 'state', 'points.put');
  if (before !== undefined) {
    await mkdir(dirname(path));
    await writeFile(path, before);
  }
  const sink = fileSink({ path, format });
  t.teardown(() => sink.close());
  return { path, sink, read: () => readFile(path, 'utf8').catch(() => '') };
}

for (const format of ['import', 'ndjson'] as const) {
  testSink(`file in ${format}`, async (t) => {
    const { path, sink, read } = await fileBench(t, format);
    return {
      sink,
      async arrived() {
        const lines = (await read()).split('\n').slice(0, -1);
        return format === 'import' ? lines : lines.map((line) => asLine(textOfValue(line)));
      },
      sent: async () => Buffer.from(await read()),
      async vanish() {
        await writeFile(dirname(path), 'a file where its directory should be');
      },
    };
  });
}

/** The point of a line of JSON, its value as it was written. */
function textOfValue(line: string) {
  return { ...JSON.parse(line), value: /"value":([^,]+)/.exec(line)?.[1] };
}

test('file writes import lines, as tsdb import reads them', async (t) => {
  const { sink, read } = await fileBench(t);
  await sink.write(points(2), forever);
  t.is(
    await read(),
    'catchpoint.rtt.by_node.1 1794994452 1.5 nodeid=312 city=Jinan\ncatchpoint.rtt.by_node.2 1794994452 2.5 nodeid=312 city=Jinan\n',
  );
});

test('file writes a point of /api/put a line as ndjson', async (t) => {
  const { sink, read } = await fileBench(t, 'ndjson');
  await sink.write(points(1), forever);
  t.is(
    await read(),
    '{"metric":"catchpoint.rtt.by_node.1","timestamp":1794994452,"value":1.5,"tags":{"nodeid":"312","city":"Jinan"}}\n',
  );
});

test('file appends to what is there', async (t) => {
  const { sink, read } = await fileBench(t, 'import', 'a.b 1794994452 1.0 c=d\n');
  await sink.write(points(1), forever);
  t.is(await read(), `a.b 1794994452 1.0 c=d\n${points(1).map(asLine).join('')}\n`);
});

const whole = 'a.b 1794994452 158.0 nodeid=312 city=Jinan';
for (const length of [1, 3, 4, 8, 14, 15, 18, 20, 21, 25, 28, 29, 32, whole.length]) {
  test(`file cuts off a torn import line: ${JSON.stringify(whole.slice(0, length))}`, async (t) => {
    const { sink, read } = await fileBench(t, 'import', `${whole}\n${whole.slice(0, length)}`);
    await sink.write(points(1), forever);
    t.is(await read(), `${whole}\n${points(1).map(asLine).join('')}\n`);
  });
}

for (const torn of ['{', '{"met', '{"metric":"a.b","timestamp":17949', '\0\0\0\0']) {
  test(`file cuts off a torn line of JSON: ${JSON.stringify(torn)}`, async (t) => {
    const { sink, read } = await fileBench(t, 'ndjson', `{}\n${torn}`);
    await sink.write(points(1), forever);
    t.regex(await read(), /^\{\}\n\{"metric":"catchpoint[^\n]+\n$/);
  });
}

for (const [format, foreign] of [
  ['import', '{"precious":true}'],
  ['import', 'dear diary'],
  ['ndjson', 'a.b 1794994452 1.0 c=d'],
  ['import', 'x'.repeat(100_000)],
] as const) {
  test(`file in ${format} ends a last line of somebody else, and cuts nothing: ${foreign.slice(0, 30)}`, async (t) => {
    const { sink, read } = await fileBench(t, format, foreign);
    await sink.write(points(1), forever);
    t.true((await read()).startsWith(`${foreign}\n`));
    t.is((await read()).split('\n').length, 3);
  });
}

test('file finds the last line of a file of many megabytes', async (t) => {
  const before = `${whole}\n`.repeat(50_000);
  const { sink, read } = await fileBench(t, 'import', before + whole.slice(0, 30));
  await sink.write(points(1), forever);
  t.is((await read()).length, before.length + asLine(points(1)[0] as never).length + 1);
});

test('file keeps every line whole when many writes come together', async (t) => {
  const { sink, read } = await fileBench(t);
  await Promise.all(Array.from({ length: 50 }, (_, index) => sink.write(points(20, 1 + index * 20), forever)));
  t.is(await read(), `${points(1000).map(asLine).join('\n')}\n`);
});

test('file writes on once its directory is there again', async (t) => {
  const { path, sink, read } = await fileBench(t);
  await writeFile(dirname(path), 'in the way');
  await t.throwsAsync(sink.write(points(1), forever), { message: /EEXIST|ENOTDIR/ });
  await rename(dirname(path), `${dirname(path)}.gone`);
  t.deepEqual(await sink.write(points(1), forever), { rejected: [], kept: [] });
  t.is(await read(), `${points(1).map(asLine).join('')}\n`);
});

test('file can be read by its owner and group only', async (t) => {
  const { path, sink } = await fileBench(t);
  await sink.write(points(1), forever);
  const { mode } = await import('node:fs/promises').then(({ stat }) => stat(path));
  t.is(mode & 0o007, 0);
  await t.notThrowsAsync(chmod(path, 0o600));
});
