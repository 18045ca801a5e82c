// F24: the configuration is reloaded under load, by SIGHUP and over HTTP; every fifth one is invalid.

import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readAdminFile } from '../../../src/admin/admin-file.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { compared, comparison, disturbed } from '../bystander.ts';
import { judge, seconds } from '../judge.ts';
import type { Scenario } from '../scenario.ts';
import { becomes, openStage, type Stage } from '../stage.ts';

const token = 'f24-a-token-that-stays-valid';
const rounds = { short: 30, long: 500 };
const withinMs = 10_000;
const wrongOnes = [
  'no-such-setting: 1\n',
  'max-tests: many\n',
  'slices: [node\n',
  'tsdb-ca: /nowhere/ca.pem\n',
  'push-token-file: /nowhere/tokens\n',
];

export const reloads: Scenario = {
  id: 'F24',
  title: 'the configuration is read anew under load, every fifth one is wrong',
  async play({ form, seed, closing }) {
    const config = join(await temporaryDirectory(closing), 'bridge.yaml');
    await writeFile(config, right(0));
    const path = `/catchpoint/${token}`;
    const stage = await openStage({ seed, closing, path, args: ['--config', config] });
    await stage.begin();
    const { result, during, alone, barMs } = await compared(stage, form, () => many(stage, config, rounds[form]), {
      path,
      rate: 200,
      agents: 8,
    });
    const verdict = await judge(stage);
    const figures = `${result.right} right ones taken (${result.bySignal} by SIGHUP), ${result.wrong} wrong ones refused; the slowest in ${seconds(result.slowestMs)}`;
    return {
      verdicts: [verdict],
      figures: `${figures}; ${comparison({ result, during, alone, barMs })}`,
      faults: [
        ...disturbed('configurations that change', during, barMs),
        ...result.faults,
        ...(result.right + result.wrong === rounds[form]
          ? []
          : [`${result.right + result.wrong} of ${rounds[form]} were read`]),
        ...(verdict.account.duplicates > 0 ? [`D: ${verdict.account.duplicates} copies, and there was no fault`] : []),
      ],
    };
  },
};

/** Changes reloadable settings: each replaces the sink and adds or removes tokens. Points stay the same. */
function right(round: number): string {
  return [
    `push-token: [${token}, another-token-of-round-${round}]`,
    `tsdb-header: "X-Round: ${round}"`,
    `refresh-hours: ${12 + (round % 12)}`,
    `max-tests: ${5000 + (round % 7)}`,
    `max-body-bytes: ${1 + (round % 2)}MiB`,
    `max-requests: ${1000 + (round % 3)}`,
    `log-level: ${round % 2 === 0 ? 'info' : 'warn'}`,
    '',
  ].join('\n');
}

interface ReloadCounts {
  readonly right: number;
  readonly wrong: number;
  readonly bySignal: number;
  readonly slowestMs: number;
  readonly faults: readonly string[];
}

async function many(stage: Stage, config: string, count: number): Promise<ReloadCounts> {
  const result = { right: 0, wrong: 0, bySignal: 0, slowestMs: 0, faults: [] as string[] };
  for (let round = 1; round <= count; round += 1) {
    const isWrong = round % 5 === 0;
    const bySignal = round % 2 === 0;
    await replaced(config, isWrong ? `${right(round)}${wrongOnes[(round / 5) % wrongOnes.length]}` : right(round));
    const before = await reloadsSeen(stage);
    const fromMs = stage.steady();
    const status = bySignal ? hungUp(stage) : await reloadOverHttp(stage);
    const isRead = await becomes(async () => sum(await reloadsSeen(stage)) > sum(before), withinMs);
    result.slowestMs = Math.max(result.slowestMs, stage.steady() - fromMs);
    const after = await reloadsSeen(stage);
    const isAsItShould =
      isRead &&
      (status === undefined || status === (isWrong ? 422 : 200)) &&
      after.isLastGood === !isWrong &&
      (isWrong ? after.failed > before.failed : after.succeeded > before.succeeded);
    if (!isAsItShould)
      result.faults.push(
        `round ${round}, ${isWrong ? 'wrong' : 'right'}: answered ${status ?? 'by signal'}, ${JSON.stringify({ before, after })}`,
      );
    else result[isWrong ? 'wrong' : 'right'] += 1;
    result.bySignal += Number(isAsItShould && bySignal && !isWrong);
    await pause(20);
  }
  return result;
}

/** Replaces the file atomically, as an editor does. */
async function replaced(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

function hungUp({ bridge }: Stage): undefined {
  process.kill(bridge.pid() ?? 0, 'SIGHUP');
}

async function reloadOverHttp({ stateDir }: Stage): Promise<number> {
  const access = await readAdminFile(stateDir);
  const headers = { authorization: `Bearer ${access?.token}`, connection: 'close' };
  return (await fetch(`${access?.url}/admin/reload`, { method: 'POST', headers })).status;
}

interface ReloadsSeen {
  readonly isLastGood: boolean;
  readonly succeeded: number;
  readonly failed: number;
}

const sum = ({ succeeded, failed }: ReloadsSeen): number => succeeded + failed;

/** Reads a metric. */
async function reloadsSeen({ bridge }: Stage): Promise<ReloadsSeen> {
  const text = await (await fetch(`${bridge.adminUrl()}/metrics`, { headers: { connection: 'close' } })).text();
  const value = (name: string): number =>
    Number(new RegExp(`^catchpoint_bridge_config_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? NaN);
  return {
    isLastGood: value('last_reload_successful') === 1,
    succeeded: value('reloads_total\\{outcome="succeeded"\\}'),
    failed: value('reloads_total\\{outcome="failed"\\}'),
  };
}
