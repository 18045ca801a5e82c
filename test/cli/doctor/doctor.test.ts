// The doctor tells what each examination found, and ends with the exit code of the gravest class of faults.

import test from 'ava';
import { doctor, type Check } from '../../../src/cli/doctor/doctor.ts';
import { doubtful, faulty, fine, type Finding, unexamined } from '../../../src/cli/probes/finding.ts';
import { type ConfigRead, readConfig } from '../../../src/config/config.ts';
import type { Flags } from '../../../src/config/settings/origins.ts';

function read(flags: Flags = {}, text = ''): ConfigRead {
  const places = { flags, env: {}, file: { path: 'bridge.yaml', text }, readFile: () => '', canWriteIn: () => true };
  return readConfig(places, { needsNodes: false });
}

async function examined(
  findings: readonly Finding[],
  { json = false, given = () => read() }: { json?: boolean; given?: () => ConfigRead } = {},
) {
  let out = '';
  const examinations: Check[] = [async () => findings.slice(0, 1), async () => findings.slice(1)];
  const exitCode = await doctor({ read: given, examinations, json, write: (text) => void (out += text) });
  return { exitCode, out };
}

test('each finding is a line, with what to do about it below', async (t) => {
  const findings = [
    fine('disk', 'has room'),
    doubtful('clock', '7 s ahead', 'set it'),
    unexamined('push URL', 'not given'),
  ];
  t.deepEqual(await examined(findings), {
    exitCode: 0,
    out: [
      'ok       configuration  0 settings beside the defaults',
      'ok       disk           has room',
      'WARNING  clock          7 s ahead',
      '                        → set it',
      '-        push URL       not given',
      '',
      'faults: 0, warnings: 1, not examined: 1',
      '',
    ].join('\n'),
  });
});

for (const [codes, exitCode] of [
  [[69], 69],
  [[69, 77], 77],
  [[77, 74, 69], 74],
  [[69, 78, 74], 78],
] as const) {
  test(`faults of ${codes.join(', ')} end with ${exitCode}`, async (t) => {
    t.is((await examined(codes.map((code) => faulty('x', 'y', code, 'z')))).exitCode, exitCode);
  });
}

test('a wrong configuration is told line by line, and nothing else is examined', async (t) => {
  const given = (): ConfigRead => read({}, 'lisen: 1\nput: x\n');
  const { exitCode, out } = await examined([fine('disk', 'has room')], { given, json: true });
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  t.is(exitCode, 78);
  t.deepEqual(
    findings.map(({ what, grade, words }) => [what, grade, words]),
    [
      ['configuration', 'fault', 'bridge.yaml:1: lisen: no such setting; did you mean listen?'],
      ['configuration', 'fault', 'bridge.yaml:2: put: expected http or telnet, found "x"'],
    ],
  );
});

test('warnings of the configuration are findings', async (t) => {
  const { exitCode, out } = await examined([], { given: () => read({ archiveDays: '5' }) });
  t.is(exitCode, 0);
  t.regex(out, /^WARNING  configuration  --archive-days: without effect, there is no --archive\n/);
});

test('JSON holds the exit code and every finding with its class', async (t) => {
  const { out } = await examined([faulty('disk', 'full', 74, 'make room')], { json: true });
  t.like(JSON.parse(out), {
    exitCode: 74,
    findings: [
      { what: 'configuration' },
      { what: 'disk', grade: 'fault', words: 'full', advice: 'make room', code: 74 },
    ],
  });
});

test('what comes from elsewhere cannot steer the terminal', async (t) => {
  t.regex(
    (await examined([fine('OpenTSDB', 'a\u001b[2Jb\nok everything')])).out,
    /OpenTSDB {7}a\?\[2Jb\?ok everything/,
  );
});
