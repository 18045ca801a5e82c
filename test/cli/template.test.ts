// `template`: prints the template of the configured metrics, and the points of a captured body.

import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { checkBody, printTemplate } from '../../src/cli/template.ts';
import type { Config } from '../../src/config/config.ts';
import type { Flags } from '../../src/config/settings/origins.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { capturedOutput, configFrom, golden } from './context.ts';

const sample = (name: string): string => readFileSync(`${golden}catchpoint/${name}`, 'utf8');

async function configured(t: ExecutionContext, flags: Flags = {}): Promise<Config> {
  return configFrom({ stateDir: await temporaryDirectory(t), nodesFile: `${golden}nodes/v1.json`, ...flags }).config;
}

async function checked(t: ExecutionContext, body: string, flags: Flags = {}, json = false) {
  const config = await configured(t, flags);
  let output = '';
  const exitCode = await checkBody(config, Buffer.from(body), (text) => void (output += text), json);
  return { exitCode, output };
}

test('a body gives the points of its push', async (t) => {
  const { exitCode, output } = await checked(t, sample('template-custom.json'));
  t.deepEqual([exitCode, output], [0, `a body of the template\n14 points\n${sample('template-custom.points')}`]);
  const tagged = await checked(t, sample('web.json'), { testAsTag: true, testNameTag: true, labelTags: ['Team'] });
  t.is(
    tagged.output,
    `a body in Catchpoint's default JSON, which needs no template\n14 points\n${sample('web.tags.points')}`,
  );
});

test('a wrong field exits with 65; a missing or unknown field does not', async (t) => {
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
  const garbage = await checked(t, 'garbage', {}, true);
  t.is(garbage.exitCode, 65);
  t.deepEqual((JSON.parse(garbage.output) as { points: string[] }).points, []);
});

test('an unknown node is reported', async (t) => {
  const { output } = await checked(t, sample('node-unknown.json'));
  t.regex(output, /^node \d+ is not in the directory here: the other slices follow when it is\n4 points\n/m);
});

test('the template is on stdout, and a note about labels on stderr', async (t) => {
  const [stdout, stderr] = [capturedOutput(), capturedOutput()];
  printTemplate(await configured(t, { labelTags: ['Team'] }), { stdout, stderr });
  t.deepEqual((JSON.parse(stdout.text()) as { Labels: unknown }).Labels, { team: '' });
  t.regex(stderr.text(), /no macro for labels/);
});
