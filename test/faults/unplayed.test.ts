// The harness never passes a fault that it did not play. Without a tool, each row that needs it fails, and names the
// tool and the switch that skips the row.

import test from 'ava';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { MissingTool } from './missing-tool.ts';
import { leftOut, requireKnownRows } from './left-out.ts';
import { figuresOf, play, rowLeftOut, tableRow } from './play.ts';
import type { Outcome, Scenario } from './scenario.ts';

const long = new URL('./long.js', import.meta.url).pathname;

/** Runs the harness on an empty PATH. */
function played(
  form: string,
  only: string,
  env: Readonly<Record<string, string>> = {},
): { readonly printed: string; readonly status: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [long, '--form', form, '--only', only, '--seed', '1'], {
    env: { PATH: '/nowhere', ...env },
    encoding: 'utf8',
  });
  return { printed: stdout, status };
}

const needs = {
  short: { F11: 'mount', F12: 'strace', F20: 'prlimit', power: 'strace' },
  long: { F18: 'slowhttptest', F22: 'openssl' },
} as const;

for (const [form, tools] of Object.entries(needs)) {
  test(`without tools each row of the ${form} form fails, and names the missing tool and the switch`, (t) => {
    const rows = Object.entries(tools);
    const { printed, status } = played(form, Object.keys(tools).join(','));
    t.is(status, 1, printed);
    for (const [row, tool] of rows) {
      t.regex(
        printed,
        new RegExp(
          `  ${row}: ${row} cannot be played: ${tool} is missing.*BRIDGE_FAULTS_WITHOUT=${row} leaves it out, BRIDGE_FAULTS=off`,
        ),
      );
    }
    t.is(printed.match(/\| \*\*no\*\* \|/g)?.length, rows.length);
    t.true(printed.includes(`\n0 held, ${rows.length} not held, 0 left out`), printed);
  });
}

/** A strace that may not attach, with the message of the real one. */
const forbidden = `#!/bin/sh
[ "$1" = -V ] && exit 0
echo 'strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted' >&2
exit 1
`;

test('a tool without permission counts as missing, and its message is reported', async (t) => {
  const folder = await temporaryDirectory(t);
  writeFileSync(join(folder, 'strace'), forbidden, { mode: 0o755 });
  const { printed, status } = played('short', 'F12,power', { PATH: folder });
  t.is(status, 1, printed);
  t.regex(printed, /F12 cannot be played: mkfs\.ext4 is missing/);
  t.regex(
    printed,
    /power cannot be played: strace is missing or not permitted here \(strace: attach: .*Operation not permitted\)/,
  );
  t.true(printed.includes('\n0 held, 2 not held, 0 left out'), printed);
});

test('a skipped row is reported as left out, not as passed', (t) => {
  const { printed, status } = played('short', 'F11,F12,power', { BRIDGE_FAULTS_WITHOUT: 'F11, F12,power' });
  t.is(printed.match(/\| left out by BRIDGE_FAULTS_WITHOUT \|/g)?.length, 3, printed);
  t.notRegex(printed, /\| yes \|/);
  t.regex(printed, /\n0 held, 0 not held, 3 left out/);
  t.is(status, 1, 'nothing was played at all');
});

const quiet: Outcome = { verdicts: [], figures: 'there was no tool', judged: 1 };

function scenarioOf(outcome: () => Outcome): Scenario {
  return { id: 'F11', title: 'a fault', play: async () => outcome() };
}

test('an outcome without any judgement is a fault', async (t) => {
  const row = await play(
    scenarioOf(() => ({ ...quiet, judged: 0 })),
    'short',
    1,
  );
  t.deepEqual(row.faults, ['nothing was judged: there was no tool']);
  t.deepEqual(
    (
      await play(
        scenarioOf(() => quiet),
        'short',
        1,
      )
    ).faults,
    [],
  );
});

test('a missing tool and a program that cannot be started are reported with the message of the error', async (t) => {
  const faultsOf = (error: Error): Promise<readonly string[]> =>
    play(
      scenarioOf(() => {
        throw error;
      }),
      'short',
      1,
    ).then(({ faults }) => faults);
  t.deepEqual(await faultsOf(new MissingTool('F11', 'mount', 'no')), [
    'F11 cannot be played: mount is missing or not permitted here (no); BRIDGE_FAULTS_WITHOUT=F11 leaves it out, BRIDGE_FAULTS=off leaves out all faults',
  ]);
  const absent = Object.assign(new Error('spawn tool ENOENT'), { code: 'ENOENT', syscall: 'spawn tool', path: 'tool' });
  t.regex((await faultsOf(absent))[0] ?? '', /^F11 cannot be played: tool is missing/);
  t.regex((await faultsOf(new Error('something else')))[0] ?? '', /^Error: something else\n +at /);
});

test('the switches skip all faults or single ones', (t) => {
  t.is(leftOut('F11', {}), undefined);
  t.is(leftOut('F11', { BRIDGE_FAULTS: 'off' }), 'left out by BRIDGE_FAULTS');
  t.is(leftOut('F11', { BRIDGE_FAULTS_WITHOUT: 'F11,F12' }), 'left out by BRIDGE_FAULTS_WITHOUT');
  t.is(leftOut('F1', { BRIDGE_FAULTS_WITHOUT: 'F11,F12' }), undefined);
});

test('a switch with an unknown row is an error', (t) => {
  t.notThrows(() => requireKnownRows({ BRIDGE_FAULTS_WITHOUT: 'F1,other-user' }, ['F1']));
  t.throws(() => requireKnownRows({ BRIDGE_FAULTS_WITHOUT: 'F1,F99' }, ['F1']), { message: /there is no F99/ });
});

test('the figures are logged with and without verdicts', (t) => {
  const row = rowLeftOut(
    scenarioOf(() => quiet),
    7,
    'left out by BRIDGE_FAULTS',
  );
  t.is(figuresOf(row), 'seed 7; no figures; 0.0 s in all');
  t.is(figuresOf({ ...row, outcome: quiet, tookMs: 1_500 }), 'seed 7; there was no tool; 1.5 s in all');
  t.true(tableRow(row).endsWith('| left out by BRIDGE_FAULTS |'));
});
