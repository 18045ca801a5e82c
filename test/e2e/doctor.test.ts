// `doctor` beside a running bridge and a real VictoriaMetrics, and `config reload`.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { e2e } from './e2e.ts';
import { nodesFile } from './golden.ts';
import { bridge, commandOutcome, nodesAndState, untilNodes } from './program.ts';
import { victoriaMetrics } from './victoria-metrics.ts';

interface Diagnosis {
  readonly exitCode: number;
  readonly findings: readonly { readonly what: string; readonly grade: string; readonly words: string }[];
}

e2e('doctor finds no fault in a healthy bridge, and detects an HTTP port given for telnet', async (t) => {
  const victoria = await victoriaMetrics(t);
  const common = await nodesAndState(t);
  const one = await bridge(t, ['-t', '127.0.0.1', '-p', String(victoria.httpPutPort), ...common]);
  await untilNodes(one);
  const doctor = async (...args: string[]): Promise<Diagnosis> => {
    const outcome = await commandOutcome(t, 'doctor', '--json', '--push-url', one.pushUrl, ...common, ...args);
    const diagnosis = JSON.parse(outcome.lines.join('\n')) as Diagnosis;
    t.is(diagnosis.exitCode, outcome.exitCode as number);
    return diagnosis;
  };
  const grades = ({ findings }: Diagnosis, what: string): string[] =>
    findings.filter((finding) => finding.what === what).map(({ grade, words }) => `${grade} ${words}`);

  const sound = await doctor('-t', '127.0.0.1', '-p', String(victoria.httpPutPort));
  t.is(sound.exitCode, 0, JSON.stringify(sound));
  t.regex(grades(sound, 'OpenTSDB').join(), /^ok .*: VictoriaMetrics/);
  t.deepEqual(grades(sound, 'bridge'), ['ok runs']);
  t.regex(grades(sound, 'clock').join(), /^ok agrees to about a second with /);
  t.regex(grades(sound, 'push URL')[0] ?? '', /^ok a bridge answered 400 /);
  t.regex(grades(sound, 'node directory').join(), /^ok \d+ nodes /);

  const byTelnet = (port: number): Promise<Diagnosis> => doctor('--put', 'telnet', '-t', `127.0.0.1:${port}`);
  t.regex(
    grades(await byTelnet(victoria.telnetPutPort), 'OpenTSDB').join(),
    /^ok .*VictoriaMetrics: it answers nothing by telnet/,
  );
  const wrong = await byTelnet(victoria.httpPutPort);
  t.regex(grades(wrong, 'OpenTSDB').join(), /^fault .*its port for HTTP alone: use --put http/);
  t.is(wrong.exitCode, 69);
  t.deepEqual(await victoria.points('s'), []);
});

e2e('config reload reports the settings in effect, those that need a restart, and errors', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const path = join(stateDir, 'bridge.yaml');
  const base = `state-dir: ${stateDir}\nnodes-file: ${nodesFile}\nfile-mode: true\n`;
  const reload = async (): Promise<unknown[]> => {
    const { exitCode, lines } = await commandOutcome(t, 'config', 'reload', '--state-dir', stateDir);
    return [exitCode, ...lines];
  };
  t.deepEqual(await reload(), [69, `error: no bridge runs in ${stateDir}`]);
  await writeFile(path, base);
  await bridge(t, ['--config', path]);
  t.deepEqual(await reload(), [0, 'nothing has changed']);
  await writeFile(path, `${base}slices: node\nresolution: ms\n`);
  t.deepEqual(await reload(), [0, 'in effect now: slices', 'in effect after a restart: resolution']);
  await writeFile(path, `${base}slises: node\n`);
  t.deepEqual(await reload(), [1, `error: ${path}:4: slises: no such setting; did you mean slices?`]);
});
