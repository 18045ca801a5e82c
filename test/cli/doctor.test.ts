// `doctor` prints all findings, and ends with the exit code of the first class that has a fault.

import test from 'ava';
import { fault, type Finding, notChecked, ok, warning } from '../../src/cli/checks/finding.ts';
import { doctor } from '../../src/cli/doctor.ts';
import { checkContext } from './checks/check-context.ts';
import { configFrom } from './context.ts';

async function examined(findings: readonly Finding[], { json = false, read = () => configFrom() } = {}) {
  let out = '';
  const exitCode = await doctor({
    read,
    checks: [async () => findings.slice(0, 1), async () => findings.slice(1)],
    context: checkContext,
    write: (text) => void (out += text),
    json,
  });
  return { exitCode, out };
}

test('each finding is a line, with the advice below it', async (t) => {
  const findings = [
    ok('disk', 'has room'),
    warning('clock', '7 s ahead', 'set it'),
    notChecked('push URL', 'not given'),
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
    t.is((await examined(codes.map((code) => fault('x', 'y', code, 'z')))).exitCode, exitCode);
  });
}

test('each error of a wrong configuration is a finding, and nothing else is checked', async (t) => {
  const read = () => configFrom({}, { file: 'lisen: 1\nput: x\n' });
  const { exitCode, out } = await examined([ok('disk', 'has room')], { read, json: true });
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
  const { exitCode, out } = await examined([], { read: () => configFrom({ archiveDays: '5' }) });
  t.is(exitCode, 0);
  t.regex(out, /^WARNING  configuration  --archive-days: without effect, there is no --archive\n/);
});

test('JSON has the exit code and every finding with its class', async (t) => {
  const { out } = await examined([fault('disk', 'full', 74, 'make room')], { json: true });
  t.like(JSON.parse(out), {
    exitCode: 74,
    findings: [
      { what: 'configuration' },
      { what: 'disk', grade: 'fault', words: 'full', advice: 'make room', code: 74 },
    ],
  });
});

test('control characters in findings are replaced', async (t) => {
  t.regex((await examined([ok('OpenTSDB', 'a\u001b[2Jb\nok everything')])).out, /OpenTSDB {7}a\?\[2Jb\?ok everything/);
});
