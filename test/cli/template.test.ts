// The `template` command: the template for the metrics chosen, and the points that a captured body would become.

import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { checkBody, printTemplate } from '../../src/cli/template/template.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import type { Flags } from '../../src/config/settings/origins.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

const golden = new URL('../../../test/golden/', import.meta.url).pathname;
const sample = (name: string): string => readFileSync(`${golden}catchpoint/${name}`, 'utf8');

async function configured(t: ExecutionContext, flags: Flags = {}): Promise<Config> {
  const all = { stateDir: await temporaryDirectory(t), nodesFile: `${golden}nodes/v1.json`, ...flags };
  return readConfig({ flags: all, env: {}, readFile: () => '', canWriteIn: () => true }, { needsNodes: false }).config;
}

async function checked(t: ExecutionContext, body: string, flags: Flags = {}, json = false) {
  let output = '';
  const exitCode = await checkBody({
    config: await configured(t, flags),
    body: Buffer.from(body),
    json,
    write: (text) => void (output += text),
  });
  return { exitCode, output };
}

test('a body becomes the very points that its push would', async (t) => {
  const { exitCode, output } = await checked(t, sample('template-custom.json'));
  t.deepEqual([exitCode, output], [0, `a body of the template\n14 points\n${sample('template-custom.points')}`]);
  const tagged = await checked(t, sample('web.json'), { testAsTag: true, testNameTag: true, labelTags: ['Team'] });
  t.is(
    tagged.output,
    `a body in Catchpoint's default JSON, which needs no template\n14 points\n${sample('web.tags.points')}`,
  );
});

test('what is wrong costs the exit code, what is missing or unknown does not', async (t) => {
  const body = JSON.parse(sample('template-custom.json')) as object;
  const { exitCode, output } = await checked(t, JSON.stringify({ ...body, Total: undefined, Colour: 'red' }));
  t.is(exitCode, 0);
  t.true(
    output.startsWith(
      'a body of the template\nmissing  Total: it is for the RTT: "Total": "${timingtotal}"\nunknown  Colour: nothing reads it\n7 points\n',
    ),
    output,
  );
  t.is((await checked(t, JSON.stringify({ ...body, Total: '${x}' }))).exitCode, 65);
  t.deepEqual(
    await checked(t, 'garbage', {}, true).then(({ exitCode: code, output: text }) => [
      code,
      (JSON.parse(text) as { shape: string; points: string[] }).points,
    ]),
    [65, []],
  );
});

test('a node that is not known here is said', async (t) => {
  const { output } = await checked(t, sample('node-unknown.json'));
  t.regex(output, /^node \d+ is not in the directory here: the other slices follow when it is\n4 points\n/m);
});

test('the template goes to standard output alone, with a note where labels are wanted', async (t) => {
  const said = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({ write: (text: unknown) => ((said[name] += String(text)), true) });
  printTemplate(await configured(t, { labelTags: ['Team'] }), { stdout: into('stdout'), stderr: into('stderr') });
  t.deepEqual((JSON.parse(said.stdout) as { Labels: unknown }).Labels, { team: '' });
  t.regex(said.stderr, /no macro for labels/);
});
