// The doctor beside a bridge that runs, in front of a real VictoriaMetrics; and a bridge that is told to read its configuration anew.

import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { bridge, program, untilStatus } from './program.ts';
import { victoriaMetrics } from './victoria-metrics.ts';

const nodesFile = new URL('../../../test/golden/nodes/v1.json', import.meta.url).pathname;
const e2e = process.env['BRIDGE_E2E'] === 'off' ? test.serial.skip : test.serial;

interface Told {
  readonly exitCode: number;
  readonly findings: readonly { readonly what: string; readonly grade: string; readonly words: string }[];
}

e2e('a sound bridge is found sound from outside, and a port for HTTP alone is no port for telnet', async (t) => {
  const victoria = await victoriaMetrics(t);
  const common = ['--nodes-file', nodesFile, '--state-dir', await temporaryDirectory(t)];
  const one = await bridge(t, ['-t', '127.0.0.1', '-p', String(victoria.httpPutPort), ...common]);
  await untilStatus(one, ({ nodes }) => nodes.known > 0);
  const told = async (args: readonly string[]): Promise<Told> => {
    const { printed, ended } = program(t, ['doctor', '--json', '--push-url', one.pushUrl, ...common, ...args]);
    const exitCode = await ended;
    const found = JSON.parse(printed.join('\n')) as Told;
    t.is(found.exitCode, exitCode as number);
    return found;
  };
  const grades = ({ findings }: Told, what: string): string[] =>
    findings.filter((finding) => finding.what === what).map(({ grade, words }) => `${grade} ${words}`);

  const sound = await told(['-t', '127.0.0.1', '-p', String(victoria.httpPutPort)]);
  t.is(sound.exitCode, 0, JSON.stringify(sound));
  t.regex(grades(sound, 'OpenTSDB').join(), /^ok .*: VictoriaMetrics/);
  t.deepEqual(grades(sound, 'bridge'), ['ok runs']);
  t.regex(grades(sound, 'clock').join(), /^ok agrees to about a second with /);
  t.regex(grades(sound, 'push URL')[0] ?? '', /^ok a bridge answered 400 /);
  t.regex(grades(sound, 'node directory').join(), /^ok \d+ nodes /);

  const byTelnet = (port: number): Promise<Told> => told(['--put', 'telnet', '-t', `127.0.0.1:${port}`]);
  t.regex(
    grades(await byTelnet(victoria.telnetPutPort), 'OpenTSDB').join(),
    /^ok .*VictoriaMetrics: it answers nothing by telnet/,
  );
  const wrong = await byTelnet(victoria.httpPutPort);
  t.regex(grades(wrong, 'OpenTSDB').join(), /^fault .*its port for HTTP alone: use --put http/);
  t.is(wrong.exitCode, 69);
  t.deepEqual(await victoria.points('s'), []);
});

e2e('config reload says what the bridge has taken, what it takes after a restart, and what it refuses', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const path = join(stateDir, 'bridge.yaml');
  const base = `state-dir: ${stateDir}\nnodes-file: ${nodesFile}\nfile-mode: true\n`;
  const told = async (): Promise<unknown[]> => {
    const { printed, ended } = program(t, ['config', 'reload', '--state-dir', stateDir]);
    const exitCode = await ended;
    return [exitCode, ...printed];
  };
  t.deepEqual(await told(), [69, `error: no bridge runs in ${stateDir}`]);
  await writeFile(path, base);
  await bridge(t, ['--config', path]);
  t.deepEqual(await told(), [0, 'nothing has changed']);
  await writeFile(path, `${base}slices: node\nresolution: ms\n`);
  t.deepEqual(await told(), [0, 'in effect now: slices', 'in effect after a restart: resolution']);
  await writeFile(path, `${base}slises: node\n`);
  t.deepEqual(await told(), [1, `error: ${path}:4: slises: no such setting; did you mean slices?`]);
});
