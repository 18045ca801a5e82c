// The file sink: both formats, repair of a torn last line, and concurrent writes.

import test, { type ExecutionContext } from 'ava';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allAccepted } from '../../src/model/sink.ts';
import { fileSink, type FileSinkOptions } from '../../src/sinks/file.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { points } from '../fakes/points.ts';
import { asLine, forever, point, testSink } from './contract.ts';

async function openFileSink(t: ExecutionContext, format: FileSinkOptions['format'] = 'import', content?: string) {
  const path = join(await temporaryDirectory(t), 'state', 'points.put');
  if (content !== undefined) {
    await mkdir(dirname(path));
    await writeFile(path, content);
  }
  const sink = fileSink({ path, format });
  t.teardown(() => sink.close());
  return { path, sink, read: () => readFile(path, 'utf8').catch(() => '') };
}

for (const format of ['import', 'ndjson'] as const) {
  testSink(`file in ${format}`, async (t) => {
    const { path, sink, read } = await openFileSink(t, format);
    return {
      sink,
      async received() {
        const lines = (await read()).split('\n').slice(0, -1);
        return format === 'import' ? lines : lines.map((line) => asLine(parsePoint(line)));
      },
      sentBytes: async () => Buffer.from(await read()),
      stopReceiver: () => writeFile(dirname(path), 'a file where the directory should be'),
    };
  });
}

/** Parses a line of JSON, with the value's original text. */
function parsePoint(line: string) {
  return { ...JSON.parse(line), value: /"value":([^,]+)/.exec(line)?.[1] };
}

test('file writes import lines as tsdb import reads them', async (t) => {
  const { sink, read } = await openFileSink(t);
  await sink.write(points(2), forever);
  t.is(
    await read(),
    'catchpoint.rtt.by_node.1 1794994452 1.5 nodeid=312 city=Jinan\ncatchpoint.rtt.by_node.2 1794994452 2.5 nodeid=312 city=Jinan\n',
  );
});

test('file writes one element of /api/put a line as ndjson', async (t) => {
  const { sink, read } = await openFileSink(t, 'ndjson');
  await sink.write(points(1), forever);
  t.is(
    await read(),
    '{"metric":"catchpoint.rtt.by_node.1","timestamp":1794994452,"value":1.5,"tags":{"nodeid":"312","city":"Jinan"}}\n',
  );
});

test('file appends to an existing file', async (t) => {
  const { sink, read } = await openFileSink(t, 'import', 'a.b 1794994452 1.0 c=d\n');
  await sink.write(points(1), forever);
  t.is(await read(), `a.b 1794994452 1.0 c=d\n${asLine(point())}\n`);
});

const whole = 'a.b 1794994452 158.0 nodeid=312 city=Jinan';
for (const length of [1, 3, 4, 8, 14, 15, 18, 20, 21, 25, 28, 29, 32, whole.length]) {
  test(`file truncates a torn import line: ${JSON.stringify(whole.slice(0, length))}`, async (t) => {
    const { sink, read } = await openFileSink(t, 'import', `${whole}\n${whole.slice(0, length)}`);
    await sink.write(points(1), forever);
    t.is(await read(), `${whole}\n${asLine(point())}\n`);
  });
}

for (const torn of ['{', '{"met', '{"metric":"a.b","timestamp":17949', '\0\0\0\0']) {
  test(`file truncates a torn line of JSON: ${JSON.stringify(torn)}`, async (t) => {
    const { sink, read } = await openFileSink(t, 'ndjson', `{}\n${torn}`);
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
  test(`file in ${format} ends the last line of another program, and keeps it: ${foreign.slice(0, 30)}`, async (t) => {
    const { sink, read } = await openFileSink(t, format, foreign);
    await sink.write(points(1), forever);
    t.true((await read()).startsWith(`${foreign}\n`));
    t.is((await read()).split('\n').length, 3);
  });
}

test('file finds the last line of a file of many megabytes', async (t) => {
  const content = `${whole}\n`.repeat(50_000);
  const { sink, read } = await openFileSink(t, 'import', content + whole.slice(0, 30));
  await sink.write(points(1), forever);
  t.is((await read()).length, content.length + asLine(point()).length + 1);
});

test('file keeps lines whole in concurrent writes', async (t) => {
  const { sink, read } = await openFileSink(t);
  await Promise.all(Array.from({ length: 50 }, (_, index) => sink.write(points(20, 1 + index * 20), forever)));
  t.is(await read(), `${points(1000).map(asLine).join('\n')}\n`);
});

test('file writes again once its directory can be created', async (t) => {
  const { path, sink, read } = await openFileSink(t);
  await writeFile(dirname(path), 'in the way');
  await t.throwsAsync(sink.write(points(1), forever), { message: /EEXIST|ENOTDIR/ });
  await rename(dirname(path), `${dirname(path)}.moved`);
  t.deepEqual(await sink.write(points(1), forever), allAccepted);
  t.is(await read(), `${asLine(point())}\n`);
});

test('file is readable by its owner and group only', async (t) => {
  const { path, sink } = await openFileSink(t);
  await sink.write(points(1), forever);
  t.is((await stat(path)).mode & 0o007, 0);
});
